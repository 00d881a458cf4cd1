-- begin_login --
INSERT INTO login_states (digest, account, until) VALUES (:digest, :account, :until)

-- login_state --
SELECT account FROM login_states WHERE digest = :digest AND until > :now

-- take_login --
DELETE FROM login_states WHERE digest = :digest AND until > :now RETURNING account

-- forget_logins --
DELETE FROM login_states WHERE until <= :now
