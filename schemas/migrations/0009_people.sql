-- A manager has more than extensions: mobiles (E.164), user names, agent ids and devices, and the exchange they are of.
ALTER TABLE managers ADD COLUMN IF NOT EXISTS mobiles Array(String), ADD COLUMN IF NOT EXISTS logins Array(String),
    ADD COLUMN IF NOT EXISTS source String;
