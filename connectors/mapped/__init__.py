"""Any other table, by a mapping that a person confirmed: proposed from headers and values, kept in callfunnel.toml."""
