-- Something that only one may do at a time, over all nodes: it is held by the named
-- holder until it is given back or ends_at has passed.
CREATE TABLE leases (
    name    TEXT   NOT NULL PRIMARY KEY,
    holder  TEXT   NOT NULL,
    ends_at BIGINT NOT NULL
);
