The books of paper accounts. Every call of the broker is one transaction of these statements.
Times are microseconds since 1970 (UTC), money and quantities decimal text.

-- known_ids --
SELECT client_order_id FROM paper_orders
WHERE account = :account AND client_order_id IN (:entry, :stop_loss, :take_profit)

-- order_tree --
-- An order, its legs and their fills: one statement, so that they are of one moment. Both halves
-- of the union use an index; an OR in their place reads the whole account.
WITH tree AS (
    SELECT * FROM paper_orders WHERE account = :account AND client_order_id = :client_order_id
    UNION ALL
    SELECT * FROM paper_orders WHERE account = :account AND parent = :client_order_id
)
SELECT tree.*, fills.number, fills.quantity AS fill_quantity, fills.price AS fill_price,
       fills.fee AS fill_fee, fills.at AS fill_at
FROM tree
LEFT JOIN paper_fills AS fills
    ON fills.account = tree.account AND fills.client_order_id = tree.client_order_id
ORDER BY tree.role, fills.number

-- where_order --
SELECT instrument, symbol, status FROM paper_orders
WHERE account = :account AND client_order_id = :client_order_id

-- desk --
-- What the account knows of an instrument; always one row.
SELECT accounts.cash, positions.symbol, positions.quantity, positions.entry_price,
       quotes.price, quotes.at, quotes.before_price, quotes.before_at, instruments.asset_class,
       instruments.tick
FROM (SELECT CAST(:account AS TEXT) AS account, CAST(:instrument AS TEXT) AS instrument) AS asked
LEFT JOIN paper_accounts AS accounts ON accounts.account = asked.account
LEFT JOIN paper_positions AS positions
    ON positions.account = asked.account AND positions.instrument = asked.instrument
LEFT JOIN paper_quotes AS quotes
    ON quotes.account = asked.account AND quotes.instrument = asked.instrument
LEFT JOIN paper_instruments AS instruments
    ON instruments.account = asked.account AND instruments.instrument = asked.instrument

-- open_orders --
-- What works on an instrument, or waits for its entry. The status is spelled as in the index.
SELECT * FROM paper_orders
WHERE account = :account AND instrument = :instrument AND status IN ('new', 'live')
ORDER BY seq, role

-- working_orders --
-- What works in an account, with its fills; not what waits for its entry.
SELECT orders.*, fills.number, fills.quantity AS fill_quantity, fills.price AS fill_price,
       fills.fee AS fill_fee, fills.at AS fill_at
FROM paper_orders AS orders
LEFT JOIN paper_fills AS fills
    ON fills.account = orders.account AND fills.client_order_id = orders.client_order_id
WHERE orders.account = :account AND orders.status IN ('new', 'live') AND orders.status = 'live'
ORDER BY orders.seq, orders.role, orders.client_order_id, fills.number

-- holdings --
-- The cash, and all positions with their newest prices: one statement, so that they are of one
-- moment. An account without positions has one row without an instrument.
SELECT accounts.cash, positions.instrument, positions.symbol, positions.quantity,
       positions.entry_price, quotes.price
FROM (SELECT CAST(:account AS TEXT) AS account) AS asked
LEFT JOIN paper_accounts AS accounts ON accounts.account = asked.account
LEFT JOIN paper_positions AS positions ON positions.account = asked.account
LEFT JOIN paper_quotes AS quotes
    ON quotes.account = positions.account AND quotes.instrument = positions.instrument
ORDER BY positions.instrument

-- put_order --
INSERT INTO paper_orders (account, client_order_id, seq, instrument, symbol, side, role, order_type,
                          quantity, limit_price, stop_price, trail, expires_at, triggered_at,
                          parent, level, status, reason)
VALUES (:account, :client_order_id, :seq, :instrument, :symbol, :side, :role, :order_type,
        :quantity, :limit_price, :stop_price, :trail, :expires_at, :triggered_at, :parent, :level,
        :status, :reason)
ON CONFLICT (account, client_order_id) DO UPDATE SET
    seq = excluded.seq, quantity = excluded.quantity, limit_price = excluded.limit_price,
    stop_price = excluded.stop_price, trail = excluded.trail,
    triggered_at = excluded.triggered_at, status = excluded.status, reason = excluded.reason

-- add_fill --
INSERT INTO paper_fills (account, client_order_id, number, quantity, price, fee, at)
VALUES (:account, :client_order_id, :number, :quantity, :price, :fee, :at)

-- put_cash --
INSERT INTO paper_accounts (account, cash) VALUES (:account, :cash)
ON CONFLICT (account) DO UPDATE SET cash = excluded.cash

-- put_position --
INSERT INTO paper_positions (account, instrument, symbol, quantity, entry_price)
VALUES (:account, :instrument, :symbol, :quantity, :entry_price)
ON CONFLICT (account, instrument) DO UPDATE SET
    quantity = excluded.quantity, entry_price = excluded.entry_price

-- drop_position --
DELETE FROM paper_positions WHERE account = :account AND instrument = :instrument

-- put_quote --
-- The price that it takes the place of stays beside it: an alert's own can be compared with that.
INSERT INTO paper_quotes (account, instrument, price, at)
VALUES (:account, :instrument, :price, :at)
ON CONFLICT (account, instrument) DO UPDATE SET
    price = excluded.price, at = excluded.at,
    before_price = paper_quotes.price, before_at = paper_quotes.at

-- put_instrument --
-- The newest spelling of a name decides its asset class. Nothing is written when it is known.
INSERT INTO paper_instruments (account, instrument, asset_class, tick)
VALUES (:account, :instrument, :asset_class, :tick)
ON CONFLICT (account, instrument) DO UPDATE SET
    asset_class = excluded.asset_class, tick = excluded.tick
