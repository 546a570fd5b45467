-- Visits to queues are asked for by the time they ended as well.
CREATE INDEX queue_visits_by_exit ON queue_visits (account_id, left_at);
