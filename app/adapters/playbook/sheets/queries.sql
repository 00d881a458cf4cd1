The copy of a sheet's rows, and how it stands.

-- kept --
SELECT symbol, timeframe, strategy FROM strategies

-- drop --
DELETE FROM strategies WHERE symbol = :symbol AND timeframe = :timeframe

-- keep --
INSERT INTO strategies (symbol, timeframe, strategy) VALUES (:symbol, :timeframe, :strategy)
ON CONFLICT (symbol, timeframe) DO UPDATE SET strategy = excluded.strategy

-- note_read --
INSERT INTO sheets (id, read_at, trouble, refused) VALUES (:id, :at, '', :refused)
ON CONFLICT (id) DO UPDATE SET
    read_at = excluded.read_at, trouble = excluded.trouble, refused = excluded.refused

-- note_trouble --
INSERT INTO sheets (id, trouble, refused) VALUES (:id, :trouble, '[]')
ON CONFLICT (id) DO UPDATE SET trouble = excluded.trouble

-- standing --
SELECT read_at, trouble, refused FROM sheets WHERE id = :id

-- words --
SELECT symbol, timeframe, account, word, alert_id, at FROM row_words
ORDER BY symbol, timeframe, account

-- forget --
DELETE FROM row_words WHERE symbol = :symbol AND timeframe = :timeframe
