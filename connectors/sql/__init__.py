"""Exchanges that keep their call records in a database: Asterisk and FreePBX `cdr`, FusionPBX `v_xml_cdr`."""
