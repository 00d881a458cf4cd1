The local playbook's rows. The journal tells how each stands on its accounts (`row_words`).

-- find --
-- The row of the timeframe; else the row of any timeframe. One line for each of its words.
SELECT strategies.symbol, strategies.timeframe, strategy, word, alert_id, at
FROM strategies LEFT JOIN row_words
  ON row_words.symbol = strategies.symbol AND row_words.timeframe = strategies.timeframe
WHERE strategies.symbol = :symbol AND strategies.timeframe IN (:timeframe, '')
ORDER BY strategies.timeframe DESC

-- rows --
SELECT strategies.symbol, strategies.timeframe, strategy, word, alert_id, at
FROM strategies LEFT JOIN row_words
  ON row_words.symbol = strategies.symbol AND row_words.timeframe = strategies.timeframe
ORDER BY strategies.symbol, strategies.timeframe

-- put --
INSERT INTO strategies (symbol, timeframe, strategy) VALUES (:symbol, :timeframe, :strategy)
ON CONFLICT (symbol, timeframe) DO UPDATE SET strategy = excluded.strategy

-- delete --
DELETE FROM strategies WHERE symbol = :symbol AND timeframe = :timeframe

-- forget_words --
DELETE FROM row_words WHERE symbol = :symbol AND timeframe = :timeframe
