"""What commands share with people: options in, tables and notes out."""
