The local playbook's rows.

-- find --
-- The row of the timeframe; else the row of any timeframe.
SELECT * FROM strategies WHERE symbol = :symbol AND timeframe IN (:timeframe, '')
ORDER BY timeframe DESC LIMIT 1

-- rows --
SELECT * FROM strategies ORDER BY symbol, timeframe

-- put --
INSERT INTO strategies (symbol, timeframe, strategy, order_status, last_updated)
VALUES (:symbol, :timeframe, :strategy, 'READY', NULL)
ON CONFLICT (symbol, timeframe) DO UPDATE SET strategy = excluded.strategy

-- delete --
DELETE FROM strategies WHERE symbol = :symbol AND timeframe = :timeframe

-- set_status --
UPDATE strategies SET order_status = :status, last_updated = :at
WHERE symbol = :symbol AND timeframe IN (:timeframe, '')
  AND timeframe = (SELECT max(timeframe) FROM strategies
                   WHERE symbol = :symbol AND timeframe IN (:timeframe, ''))
