"""HubSpot: owners, companies, contacts, deals with the history of their stages and amounts, quotes, calls."""
