The journal's hot statements: few, named, portable between SQLite and PostgreSQL.
Times are microseconds since 1970 (UTC). A busy lane is refused by the unique index jobs_running.
`state IN ('ready', 'waiting')` is spelled as in the partial indexes of open jobs, also where it says
nothing new: SQLite uses them only then, and would read all jobs there ever were without it.

-- remember_key --
-- Decides which of several identical deliveries is the first: an upsert, not a check. A key that
-- has run out is taken over. The window slides with each delivery, up to `longest` from the first.
INSERT INTO dedupe (key, alert_id, body, first_at, until)
VALUES (:key, :alert_id, :body, :now, :until)
ON CONFLICT (key) DO UPDATE SET
    alert_id = CASE WHEN dedupe.until > :now THEN dedupe.alert_id ELSE excluded.alert_id END,
    body = CASE WHEN dedupe.until > :now THEN dedupe.body ELSE excluded.body END,
    first_at = CASE WHEN dedupe.until > :now THEN dedupe.first_at ELSE excluded.first_at END,
    until = CASE
        WHEN dedupe.until <= :now OR excluded.until < dedupe.first_at + :longest
        THEN excluded.until
        ELSE dedupe.first_at + :longest
    END
RETURNING alert_id, body

-- add_alert --
INSERT INTO alerts (id, received_at, status, reason, detail, symbol, strategy, account,
                    request_id, alert, raw, outcome, finished_at)
VALUES (:id, :received_at, :status, :reason, :detail, :symbol, :strategy, :account,
        :request_id, :alert, :raw, :outcome, :finished_at)

-- add_job --
-- Claims at once when the lane is free: one commit from POST to work. A process whose work was taken
-- over meanwhile has no row any more: in its old name it claims nothing, for nobody would find that.
INSERT INTO jobs (alert_id, account, instrument, lane, part, strategy, kind, share, several,
                  row_timeframe, fired_at, state, owner, attempt, tries, halted, unwanted,
                  unsettled, run_at, updated_at)
SELECT :alert_id, :account, :instrument, :lane, :part, :strategy, 'alert', :share, :several,
       :row_timeframe, :fired_at,
       CASE WHEN busy THEN 'ready' ELSE 'running' END,
       CASE WHEN busy THEN NULL ELSE :owner END,
       CASE WHEN busy THEN 0 ELSE 1 END,
       0, FALSE, FALSE, FALSE, :now, :now
FROM (SELECT EXISTS (SELECT 1 FROM jobs WHERE lane = :lane AND state = 'running')
          OR EXISTS (SELECT 1 FROM jobs
                     WHERE lane = :lane AND state = 'ready' AND state IN ('ready', 'waiting'))
          OR NOT EXISTS (SELECT 1 FROM owners WHERE id = :owner) AS busy) AS lane_now
RETURNING id, state

-- claim_next --
-- The lane's oldest ready job, a duty to protect before all others, if nothing runs there.
-- `state = 'ready'` stands in the outer WHERE too: without it two claimers on PostgreSQL take the
-- same row.
UPDATE jobs SET state = 'running', owner = :owner, attempt = attempt + 1, updated_at = :now
WHERE id = COALESCE(
          (SELECT min(id) FROM jobs WHERE lane = :lane AND state = 'ready'
              AND kind = 'protect' AND state IN ('ready', 'waiting')),
          (SELECT min(id) FROM jobs
           WHERE lane = :lane AND state = 'ready' AND state IN ('ready', 'waiting')))
  AND state = 'ready'
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = :lane AND state = 'running')
  AND EXISTS (SELECT 1 FROM owners WHERE id = :owner)
RETURNING id

-- job --
SELECT jobs.*, alerts.alert, alerts.received_at
FROM jobs JOIN alerts ON alerts.id = jobs.alert_id WHERE jobs.id = :id

-- wake_due --
UPDATE jobs SET state = 'ready', updated_at = :now
WHERE state = 'waiting' AND run_at <= :now AND state IN ('ready', 'waiting')

-- wake_lane --
-- A duty that has its time is left to it: what has to be done first may still go on.
UPDATE jobs SET state = 'ready', run_at = :now, updated_at = :now
WHERE lane = :lane AND state = 'waiting' AND state IN ('ready', 'waiting')
  AND (kind = 'alert' OR tries > 0)

-- wake_waiting --
UPDATE jobs SET state = 'ready', run_at = :now, updated_at = :now
WHERE state = 'waiting' AND state IN ('ready', 'waiting') AND (kind = 'alert' OR tries > 0)

-- owe --
-- The duty to protect what an order has filled. One that runs may have read less: then another one
-- follows it.
INSERT INTO jobs (alert_id, account, instrument, lane, part, strategy, kind, subject, share,
                  several, state, attempt, tries, halted, unwanted, unsettled, run_at, updated_at)
SELECT alert_id, account, instrument, lane, part, strategy, 'protect', client_order_id, '', FALSE,
       CASE WHEN :run_at <= :now THEN 'ready' ELSE 'waiting' END,
       0, 0, FALSE, FALSE, :run_at <= :now, :run_at, :now
FROM orders
WHERE client_order_id = :subject
  AND NOT EXISTS (SELECT 1 FROM jobs
                  WHERE lane = orders.lane AND subject = :subject
                    AND kind = 'protect' AND state IN ('ready', 'waiting'))

-- hasten --
UPDATE jobs SET state = 'ready', unsettled = TRUE, run_at = :now, updated_at = :now
WHERE lane = (SELECT lane FROM orders WHERE client_order_id = :subject) AND subject = :subject
  AND state = 'waiting' AND kind = 'protect' AND state IN ('ready', 'waiting')

-- duty --
SELECT 1 FROM jobs
WHERE lane = :lane AND subject = :subject AND kind = 'protect' AND state IN ('ready', 'waiting')
LIMIT 1

-- due --
SELECT 1 FROM jobs
WHERE state IN ('ready', 'waiting') AND (state = 'ready' OR run_at <= :now)
LIMIT 1

-- ready_lanes --
SELECT DISTINCT lane FROM jobs AS job
WHERE state = 'ready' AND state IN ('ready', 'waiting')
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE lane = job.lane AND state = 'running')

-- owned_jobs --
SELECT id FROM jobs WHERE state = 'running' AND owner = :owner

-- fence --
-- The first statement of every unit of a job: proof that the job is still ours.
UPDATE jobs SET updated_at = :now
WHERE id = :id AND owner = :owner AND attempt = :attempt AND state = 'running'
RETURNING halted

-- end_job --
UPDATE jobs SET state = :state, owner = NULL, unsettled = FALSE, updated_at = :now WHERE id = :id

-- suspend_job --
-- A wait of no time keeps its place: it is the lane's next job again. `opens_at` is the open that it
-- waits for: it stays when the job waits for something else after that, and its tries begin anew.
UPDATE jobs SET state = CASE WHEN :run_at <= :now THEN 'ready' ELSE 'waiting' END,
                owner = NULL, unsettled = :unsettled,
                tries = CASE WHEN :opens_at IS NULL THEN tries + 1 ELSE 0 END,
                opens_at = coalesce(:opens_at, opens_at), run_at = :run_at, updated_at = :now
WHERE id = :id

-- end_queued --
-- Earlier entries of the lane that wait for the open: the latest wins. What reduces is unsettled.
UPDATE jobs SET state = 'done', owner = NULL, updated_at = :now
WHERE lane = :lane AND id < :id AND state IN ('ready', 'waiting') AND part = :part
  AND opens_at IS NOT NULL AND NOT unsettled
RETURNING id, alert_id, several

-- halt_entries --
UPDATE jobs SET halted = TRUE, unwanted = (unwanted OR :unwanted)
WHERE lane = :lane AND id < :id AND state IN ('ready', 'waiting') AND strategy = :strategy
  AND part = :part AND kind = 'alert' AND (NOT halted OR (:unwanted AND NOT unwanted))

-- lift_halt --
UPDATE jobs SET halted = FALSE, unwanted = FALSE WHERE id = :id

-- waiting_before --
SELECT 1 FROM jobs
WHERE lane = :lane AND state IN ('ready', 'waiting') AND unsettled
  AND (id < :id OR kind = 'protect')
LIMIT 1

-- newer_taken --
-- An alert of the same strategy that fired later and was taken already (trading-rules 5).
SELECT 1 FROM jobs
WHERE lane = :lane AND fired_at > :fired_at AND strategy = :strategy AND part = :part AND id <> :id
  AND attempt > 0 AND state NOT IN ('ready', 'waiting')
LIMIT 1

-- sibling --
-- An alert of the same strategy that fired at the same time: they may have arrived reversed.
SELECT 1 FROM jobs
WHERE lane = :lane AND fired_at = :fired_at AND strategy = :strategy AND part = :part AND id <> :id
LIMIT 1

-- add_step --
INSERT INTO steps (job_id, name, result, at) VALUES (:job_id, :name, :result, :now)

-- add_step_once --
INSERT INTO steps (job_id, name, result, at) VALUES (:job_id, :name, :result, :now)
ON CONFLICT (job_id, name) DO NOTHING

-- step --
SELECT result FROM steps WHERE job_id = :job_id AND name = :name

-- set_alert_status --
UPDATE alerts SET status = :status, reason = :reason, detail = :detail
WHERE id = :id AND finished_at IS NULL

-- finish_alert --
UPDATE alerts SET status = :status, reason = :reason, detail = :detail, outcome = :outcome,
                  finished_at = :now
WHERE id = :id AND finished_at IS NULL

-- hold_alert --
-- Of jobs of one alert that end side by side, the later sees what the earlier wrote.
UPDATE alerts SET status = status WHERE id = :id

-- set_outcome --
-- How a job stands that is one of several of its alert.
UPDATE jobs SET outcome = :outcome WHERE id = :id

-- outcomes --
SELECT account, outcome FROM jobs WHERE alert_id = :alert_id AND kind = 'alert' ORDER BY id

-- alert --
SELECT * FROM alerts WHERE id = :id

-- open_alerts --
SELECT alerts.* FROM jobs JOIN alerts ON alerts.id = jobs.alert_id
WHERE jobs.state IN ('ready', 'waiting') AND jobs.account = :account AND jobs.kind = 'alert'
UNION ALL
SELECT alerts.* FROM jobs JOIN alerts ON alerts.id = jobs.alert_id
WHERE jobs.state = 'running' AND jobs.account = :account AND jobs.kind = 'alert'

-- add_order --
INSERT INTO orders (client_order_id, broker_order_id, alert_id, job_id, account, symbol, instrument,
                    lane, part, role, side, order_type, quantity, filled_quantity, average_price,
                    limit_price, stop_price, multiplier, status, reason, parent, strategy, guarded,
                    intent, submitted_at, created_at, updated_at)
VALUES (:client_order_id, NULL, :alert_id, :job_id, :account, :symbol, :instrument, :lane, :part,
        :role, :side, :order_type, :quantity, '0', NULL, :limit_price, :stop_price, :multiplier, :status,
        '', :parent, :strategy, :guarded, :intent, :submitted_at, :now, :now)

-- order --
SELECT * FROM orders WHERE client_order_id = :client_order_id

-- named --
SELECT client_order_id FROM orders
WHERE broker_order_id = :broker_order_id AND account = :account

-- family --
-- What was ordered to protect or close what an entry filled, the oldest first.
SELECT * FROM orders
WHERE parent = :entry OR parent IN (SELECT client_order_id FROM orders WHERE parent = :entry)
ORDER BY created_at, job_id, client_order_id

-- unsettled_orders --
SELECT * FROM orders
WHERE account = :account AND status NOT IN ('filled', 'canceled', 'rejected', 'expired')
ORDER BY created_at, job_id, client_order_id

-- unsettled_orders_in_lane --
SELECT * FROM orders
WHERE account = :account AND lane = :lane
  AND status NOT IN ('filled', 'canceled', 'rejected', 'expired')
ORDER BY created_at, job_id, client_order_id

-- orders_since --
SELECT * FROM orders
WHERE created_at > :since AND account = :account AND instrument = :instrument
ORDER BY created_at, client_order_id

-- entries_since --
-- Entries that were written for the wire, in the sliding window that a limit on their rate counts.
SELECT count(*) AS n FROM orders
WHERE account = :account AND role = 'entry' AND submitted_at > :since AND submitted_at <= :now
  AND client_order_id <> :without

-- being_entered --
-- Instruments that a read of the positions may not show yet: their entry may still fill, or filled
-- after that read began.
SELECT instrument FROM orders
WHERE account = :account AND role = 'entry'
  AND status NOT IN ('filled', 'canceled', 'rejected', 'expired')
UNION
SELECT instrument FROM fills WHERE id > :after_fill AND account = :account

-- last_entry --
SELECT max(submitted_at) AS at FROM orders
WHERE account = :account AND role = 'entry' AND submitted_at > :since AND instrument = :instrument
  AND (status NOT IN ('canceled', 'rejected', 'expired') OR average_price IS NOT NULL)

-- mark_order --
UPDATE orders SET status = :status, reason = :reason,
                  submitted_at = CASE WHEN :status = 'submitting' THEN :now ELSE submitted_at END,
                  updated_at = :now
WHERE client_order_id = :client_order_id
  AND status NOT IN ('filled', 'canceled', 'rejected', 'expired')

-- settle_order --
UPDATE orders SET broker_order_id = :broker_order_id, status = :status, reason = :reason,
                  quantity = :quantity, filled_quantity = :filled_quantity,
                  average_price = :average_price, limit_price = :limit_price,
                  stop_price = :stop_price,
                  triggered_at = COALESCE(triggered_at, :triggered_at), updated_at = :now
WHERE client_order_id = :client_order_id

-- close_legs --
-- Legs that never came to life because their entry ended without a fill.
UPDATE orders SET status = 'canceled', reason = 'entry_not_filled', updated_at = :now
WHERE parent = :parent AND status = 'new'

-- add_fill --
INSERT INTO fills (account, fill_id, client_order_id, symbol, instrument, side, quantity, price,
                   fee, multiplier, alert_id, strategy, at)
VALUES (:account, :fill_id, :client_order_id, :symbol, :instrument, :side, :quantity, :price, :fee,
        :multiplier, :alert_id, :strategy, :at)
ON CONFLICT (account, fill_id) DO NOTHING
RETURNING *

-- filled_since --
SELECT DISTINCT instrument FROM fills WHERE account = :account AND at > :since

-- open_lots --
-- The oldest first. Who needs only the first of them stops reading.
SELECT open_lots.quantity AS open_quantity, open_lots.fee AS open_fee, open_lots.low,
       open_lots.high, fills.*
FROM open_lots JOIN fills ON fills.id = open_lots.fill
WHERE open_lots.account = :account AND open_lots.instrument = :instrument
ORDER BY open_lots.fill

-- lots_with_stops --
-- The newest stop of an entry stands for those that it had before.
SELECT lots.instrument, lots.quantity, stops.client_order_id AS stop
FROM open_lots AS lots
JOIN fills ON fills.id = lots.fill
JOIN orders AS stops ON stops.client_order_id = (
    SELECT client_order_id FROM orders
    WHERE parent = fills.client_order_id AND role = 'stop_loss'
    ORDER BY created_at DESC, client_order_id LIMIT 1
)
WHERE lots.account = :account
ORDER BY lots.fill

-- guarded_entries --
SELECT DISTINCT fills.client_order_id
FROM open_lots AS lots
JOIN fills ON fills.id = lots.fill
JOIN orders ON orders.client_order_id = fills.client_order_id
WHERE lots.account = :account AND orders.guarded AND orders.role = 'entry'

-- add_lot --
INSERT INTO open_lots (fill, account, instrument, quantity, fee, low, high)
VALUES (:fill, :account, :instrument, :quantity, :fee, :low, :high)

-- change_lot --
UPDATE open_lots SET quantity = :quantity, fee = :fee WHERE fill = :fill

-- lots_seen --
SELECT fill, low, high FROM open_lots WHERE account = :account AND instrument = :instrument

-- see_lot --
UPDATE open_lots SET low = :low, high = :high WHERE fill = :fill

-- close_lot --
DELETE FROM open_lots WHERE fill = :fill

-- add_trade --
INSERT INTO trades (exit_fill, entry_fill, account, symbol, instrument, quantity, multiplier,
                    entry_price, exit_price, fees, pnl, entry_strategy, exit_strategy,
                    entry_alert_id, exit_alert_id, entered_at, exited_at, low, high)
VALUES (:exit_fill, :entry_fill, :account, :symbol, :instrument, :quantity, :multiplier,
        :entry_price, :exit_price, :fees, :pnl, :entry_strategy, :exit_strategy,
        :entry_alert_id, :exit_alert_id, :entered_at, :exited_at, :low, :high)

-- tally --
SELECT * FROM tallies WHERE account = :account AND "of" = :of AND name = :name

-- set_tally --
INSERT INTO tallies (account, "of", name, total_trades, winning_trades, losing_trades, total_pnl,
                     gross_profit, fees, best_trade, worst_trade, streak, longest_wins,
                     longest_losses, peak, drawdown, last_updated)
VALUES (:account, :of, :name, :total_trades, :winning_trades, :losing_trades, :total_pnl,
        :gross_profit, :fees, :best_trade, :worst_trade, :streak, :longest_wins,
        :longest_losses, :peak, :drawdown, :last_updated)
ON CONFLICT (account, "of", name) DO UPDATE SET
    total_trades = excluded.total_trades, winning_trades = excluded.winning_trades,
    losing_trades = excluded.losing_trades, total_pnl = excluded.total_pnl,
    gross_profit = excluded.gross_profit, fees = excluded.fees,
    best_trade = excluded.best_trade, worst_trade = excluded.worst_trade,
    streak = excluded.streak, longest_wins = excluded.longest_wins,
    longest_losses = excluded.longest_losses, peak = excluded.peak,
    drawdown = excluded.drawdown, last_updated = excluded.last_updated

-- day --
SELECT * FROM days WHERE account = :account AND day = :day

-- set_day --
INSERT INTO days (account, day, trades, realised, fees)
VALUES (:account, :day, :trades, :realised, :fees)
ON CONFLICT (account, day) DO UPDATE SET
    trades = excluded.trades, realised = excluded.realised, fees = excluded.fees

-- set_equity --
INSERT INTO days (account, day, trades, realised, fees, equity, equity_at)
VALUES (:account, :day, 0, '0', '0', :equity, :at)
ON CONFLICT (account, day) DO UPDATE SET equity = excluded.equity, equity_at = excluded.equity_at

-- realised_since --
SELECT pnl FROM trades WHERE account = :account AND exited_at >= :since

-- stakes --
SELECT * FROM stakes WHERE account = :account AND instrument = :instrument ORDER BY strategy

-- stakes_held --
SELECT * FROM stakes WHERE account = :account AND quantity <> '0' ORDER BY instrument, strategy

-- stakes_stopped --
SELECT * FROM stakes
WHERE account = :account AND strategy = :strategy AND stopped IS NOT NULL
ORDER BY instrument

-- stake --
SELECT * FROM stakes
WHERE account = :account AND instrument = :instrument AND strategy = :strategy

-- put_stake --
-- `entry_job` is that of the latest entry: its row tells when the stake is closed.
INSERT INTO stakes (account, instrument, strategy, quantity, stopped, entry_job, at)
VALUES (:account, :instrument, :strategy, :quantity, :stopped, :entry_job, :at)
ON CONFLICT (account, instrument, strategy) DO UPDATE SET
    quantity = excluded.quantity, stopped = excluded.stopped, at = excluded.at,
    entry_job = coalesce(excluded.entry_job, stakes.entry_job)

-- note_word --
-- How the playbook's row of a job stands on its account; `by_order`: that is an order's word. What is
-- told of an alert that came before that of the latest order is old news.
INSERT INTO row_words (symbol, timeframe, account, word, alert_id, order_alert, at)
SELECT instrument, row_timeframe, account, :word, alert_id,
       CASE WHEN :by_order THEN alert_id ELSE '' END, :now
FROM jobs WHERE id = :job_id AND row_timeframe IS NOT NULL
ON CONFLICT (symbol, timeframe, account) DO UPDATE SET
    word = excluded.word, at = excluded.at,
    alert_id = CASE WHEN row_words.alert_id > excluded.alert_id
                    THEN row_words.alert_id ELSE excluded.alert_id END,
    order_alert = CASE WHEN row_words.order_alert > excluded.order_alert
                       THEN row_words.order_alert ELSE excluded.order_alert END
WHERE row_words.order_alert <= excluded.alert_id

-- note_closed --
-- A stake was closed: the row of its latest entry tells, unless the order of a later alert rests.
INSERT INTO row_words (symbol, timeframe, account, word, alert_id, order_alert, at)
SELECT jobs.instrument, jobs.row_timeframe, jobs.account, :word, jobs.alert_id, jobs.alert_id, :now
FROM stakes JOIN jobs ON jobs.id = stakes.entry_job
WHERE stakes.account = :account AND stakes.instrument = :instrument AND stakes.strategy = :strategy
  AND jobs.row_timeframe IS NOT NULL
ON CONFLICT (symbol, timeframe, account) DO UPDATE SET word = excluded.word, at = excluded.at
WHERE row_words.order_alert <= excluded.alert_id OR row_words.word <> :submitted

-- forget_stop --
UPDATE stakes SET stopped = NULL
WHERE account = :account AND instrument = :instrument AND strategy = :strategy

-- add_event --
INSERT INTO events (at, kind, alert_id, account, symbol, client_order_id, problem, facts)
VALUES (:at, :kind, :alert_id, :account, :symbol, :client_order_id, :problem, :facts)

-- told --
-- Few events are of a kind that is told of once.
SELECT 1 FROM events WHERE kind = :kind AND client_order_id = :client_order_id LIMIT 1

-- taken --
SELECT 1 FROM events
WHERE kind = 'unprotected' AND client_order_id = :client_order_id AND facts LIKE :reason LIMIT 1

-- blocks_of --
SELECT lane, kind, reason FROM lane_blocks WHERE lane = :lane ORDER BY kind

-- blocks --
SELECT lane, kind, reason FROM lane_blocks ORDER BY lane, kind

-- set_block --
INSERT INTO lane_blocks (lane, kind, reason, at) VALUES (:lane, :kind, :reason, :now)
ON CONFLICT (lane, kind) DO NOTHING

-- lift_block --
DELETE FROM lane_blocks WHERE lane = :lane AND kind = :kind

-- foreign --
SELECT instrument, quantity FROM foreign_positions WHERE account = :account

-- put_foreign --
INSERT INTO foreign_positions (account, instrument, quantity, at)
VALUES (:account, :instrument, :quantity, :now)
ON CONFLICT (account, instrument) DO UPDATE SET quantity = excluded.quantity, at = excluded.at

-- drop_foreign --
DELETE FROM foreign_positions WHERE account = :account AND instrument = :instrument

-- switch --
SELECT name, reason, at FROM switches WHERE name IN (:name, :last)

-- set_switch --
INSERT INTO switches (name, reason, at) VALUES (:name, :reason, :now)
ON CONFLICT (name) DO UPDATE SET reason = excluded.reason

-- stamp_switch --
-- When entries were last stopped, or let in again.
INSERT INTO switches (name, reason, at) VALUES (:name, :reason, :now)
ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, at = excluded.at

-- reset_switch --
DELETE FROM switches WHERE name = :name

-- add_owner --
INSERT INTO owners (id, pid, started_at, beat_at) VALUES (:id, :pid, :now, :now)

-- beat --
UPDATE owners SET beat_at = :now WHERE id = :id RETURNING id

-- first_owner --
SELECT id FROM owners ORDER BY started_at, id LIMIT 1

-- owners --
SELECT id, beat_at FROM owners WHERE id <> :id

-- release_jobs --
UPDATE jobs SET state = 'ready', owner = NULL, updated_at = :now
WHERE owner = :owner AND state = 'running'

-- drop_owner --
DELETE FROM owners WHERE id = :id

-- last_fill --
SELECT coalesce(max(id), 0) AS id FROM fills

-- forget_keys --
-- Of the purge, as the rest below. Each takes the oldest few rows, so that it never holds others up.
DELETE FROM dedupe WHERE key IN (SELECT key FROM dedupe WHERE until < :before LIMIT :few)

-- old_jobs --
-- Not those of orders that still rest: a stop may wait for years.
-- An alert's id begins with its time.
SELECT id FROM jobs
WHERE alert_id < :id_before AND state IN ('done', 'failed') AND updated_at < :before
  AND NOT EXISTS (
      SELECT 1 FROM orders
      WHERE orders.alert_id = jobs.alert_id
        AND orders.status NOT IN ('filled', 'canceled', 'rejected', 'expired'))
LIMIT :few

-- forget_steps --
DELETE FROM steps WHERE job_id = :id

-- forget_job --
DELETE FROM jobs WHERE id = :id

-- forget_alerts --
DELETE FROM alerts
WHERE id IN (SELECT id FROM alerts
             WHERE id < :id_before AND finished_at < :before
               AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.alert_id = alerts.id)
             LIMIT :few)

-- forget_dead_letters --
DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE at < :before LIMIT :few)

-- forget_events --
DELETE FROM events WHERE id < (SELECT min(id) FROM events) + :few AND at < :before

-- add_sink --
-- A new sink is told of what happens from now on.
INSERT INTO sinks (sink, position, events, tries, not_before, gap, error)
VALUES (:sink, (SELECT coalesce(max(id), 0) FROM events), 0, 0, 0, 0, '')
ON CONFLICT (sink) DO NOTHING

-- sinks --
SELECT * FROM sinks ORDER BY sink

-- sink --
SELECT * FROM sinks WHERE sink = :sink

-- drop_sink --
DELETE FROM sinks WHERE sink = :sink

-- events_after --
SELECT * FROM events WHERE id > :position ORDER BY id LIMIT :most

-- skip_events --
UPDATE sinks SET position = :to WHERE sink = :sink AND position = :position AND title IS NULL

-- write_letter --
UPDATE sinks
SET position = :to, title = :title, body = :body, events = :events, tries = 0, error = '',
    owner = NULL
WHERE sink = :sink AND position = :position AND title IS NULL

-- take_letter --
-- Who is not among the owners is dead, or was taken for dead.
UPDATE sinks SET owner = :owner
WHERE sink = :sink AND title IS NOT NULL
  AND (owner IS NULL OR owner = :owner OR owner NOT IN (SELECT id FROM owners))

-- letter_sent --
UPDATE sinks
SET title = NULL, body = NULL, events = 0, tries = 0, error = '', owner = NULL, gap = :gap,
    sent_at = :now, not_before = :not_before
WHERE sink = :sink AND owner = :owner

-- letter_failed --
UPDATE sinks
SET tries = tries + 1, error = :error, owner = NULL, not_before = :not_before
WHERE sink = :sink AND owner = :owner

-- bury_letter --
INSERT INTO dead_letters (sink, at, title, body, events, tries, error)
SELECT sink, :now, title, body, events, tries + 1, :error FROM sinks
WHERE sink = :sink AND owner = :owner

-- clear_letter --
UPDATE sinks
SET title = NULL, body = NULL, events = 0, tries = 0, error = :error, owner = NULL
WHERE sink = :sink AND owner = :owner

-- dead_letters --
SELECT * FROM dead_letters ORDER BY id DESC LIMIT :most

-- dead_by_sink --
SELECT sink, count(*) AS n FROM dead_letters GROUP BY sink

-- forget_letter --
DELETE FROM dead_letters WHERE id = :id

-- alerts_between --
SELECT id, received_at, account, alert FROM alerts
WHERE id > :after AND id < :until ORDER BY id LIMIT :most

-- mark --
-- Something is told once: no row when the mark stands already.
INSERT INTO marks (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = :value WHERE marks.value <> :value
RETURNING name

-- mark_of --
SELECT value FROM marks WHERE name = :name

-- every_fill --
-- What follows reads everything: for counting the ledger anew, on a connection of its own.
SELECT * FROM fills ORDER BY id

-- every_trade --
SELECT exit_fill, entry_fill, quantity, fees, pnl FROM trades ORDER BY exit_fill, entry_fill

-- every_lot --
SELECT * FROM open_lots

-- every_extreme --
SELECT exit_fill, entry_fill, low, high FROM trades

-- every_tally --
SELECT * FROM tallies

-- every_day --
SELECT * FROM days WHERE trades > 0 OR realised <> '0'

-- drop_trades --
DELETE FROM trades

-- drop_lots --
DELETE FROM open_lots

-- drop_tallies --
DELETE FROM tallies

-- empty_days --
UPDATE days SET trades = 0, realised = '0', fees = '0'
