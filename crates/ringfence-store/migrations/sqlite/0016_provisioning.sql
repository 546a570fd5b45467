-- What the Provisioning APIs tell: accounts, locations, people, extensions, numbers and devices (VBC).

-- Numbers given out, by kind of thing; last is the last one.
CREATE TABLE vbc_numbers (
    kind TEXT   NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- An account's entry; accounts of kind vbc have one from the start. number is its id in these APIs.
CREATE TABLE vbc_accounts (
    account_id  TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id),
    number      BIGINT NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    address_1   TEXT   NOT NULL,
    address_2   TEXT,
    country     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    city        TEXT   NOT NULL,
    postal_code TEXT   NOT NULL
);

-- A place where an account has extensions. time_zone is the IANA name.
CREATE TABLE vbc_locations (
    account_id  TEXT   NOT NULL REFERENCES accounts (id),
    number      BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    address_1   TEXT   NOT NULL,
    address_2   TEXT,
    country     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    city        TEXT   NOT NULL,
    postal_code TEXT   NOT NULL,
    time_zone   TEXT   NOT NULL,
    PRIMARY KEY (account_id, number)
);
CREATE INDEX vbc_locations_by_number ON vbc_locations (number);

-- A person's entry: people of accounts of kind vbc have one from the start. User name and e-mail address stand in users.
CREATE TABLE vbc_users (
    user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id),
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    number     BIGINT NOT NULL UNIQUE,
    first_name TEXT   NOT NULL,
    last_name  TEXT   NOT NULL
);
CREATE INDEX vbc_users_by_account ON vbc_users (account_id, number);
CREATE INDEX vbc_users_by_first_name ON vbc_users (account_id, first_name, number);
CREATE INDEX vbc_users_by_last_name ON vbc_users (account_id, last_name, number);
CREATE INDEX users_by_email ON users (account_id, email);
CREATE INDEX users_by_activity ON users (account_id, active);

-- How else a person is reached, in this order. kind is Mobile, Home or Fax; value is null when it is not known.
CREATE TABLE vbc_contact_numbers (
    user_id TEXT   NOT NULL REFERENCES users (id),
    place   BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    value   TEXT,
    PRIMARY KEY (user_id, place)
);

-- An extension, with whom it is assigned to, if anybody.
CREATE TABLE vbc_extensions (
    account_id        TEXT    NOT NULL REFERENCES accounts (id),
    number            TEXT    NOT NULL,
    external_id       TEXT    NOT NULL,
    user_id           TEXT    REFERENCES users (id),
    location          BIGINT  NOT NULL,
    vtt_enabled       BOOLEAN NOT NULL,
    dnd_enabled       BOOLEAN NOT NULL,
    caller_id         TEXT,
    block_caller_id   BOOLEAN NOT NULL,
    service_type_name TEXT    NOT NULL,
    PRIMARY KEY (account_id, number),
    UNIQUE (account_id, external_id),
    FOREIGN KEY (account_id, location) REFERENCES vbc_locations (account_id, number)
);
CREATE INDEX vbc_extensions_by_user ON vbc_extensions (user_id, number);
CREATE INDEX vbc_extensions_by_location ON vbc_extensions (account_id, location, number);

-- A number by which an extension is called from outside, in this order.
CREATE TABLE vbc_dids (
    account_id   TEXT   NOT NULL,
    extension    TEXT   NOT NULL,
    place        BIGINT NOT NULL,
    phone_number TEXT   NOT NULL,
    custom_tag   TEXT,
    PRIMARY KEY (account_id, extension, place),
    UNIQUE (account_id, phone_number),
    FOREIGN KEY (account_id, extension) REFERENCES vbc_extensions (account_id, number)
);

-- A device of an extension, in this order.
CREATE TABLE vbc_handsets (
    account_id TEXT   NOT NULL,
    extension  TEXT   NOT NULL,
    place      BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    sip_id     TEXT   NOT NULL,
    PRIMARY KEY (account_id, extension, place),
    FOREIGN KEY (account_id, extension) REFERENCES vbc_extensions (account_id, number)
);

-- Accounts and people who are there already.
INSERT INTO vbc_accounts (account_id, number, name, status, address_1, address_2, country, state, city, postal_code)
SELECT id, 100000 + ROW_NUMBER() OVER (ORDER BY created_at, id), name, 'ACTIVE', '', NULL, '', '', '', ''
FROM accounts WHERE kind = 'vbc';
INSERT INTO vbc_users (user_id, account_id, number, first_name, last_name)
SELECT u.id, u.account_id, 100000 + ROW_NUMBER() OVER (ORDER BY u.created_at, u.id),
    CASE WHEN INSTR(u.name, ' ') > 0 THEN SUBSTR(u.name, 1, INSTR(u.name, ' ') - 1) ELSE u.name END,
    CASE WHEN INSTR(u.name, ' ') > 0 THEN TRIM(SUBSTR(u.name, INSTR(u.name, ' ') + 1)) ELSE '' END
FROM users u JOIN vbc_accounts a ON a.account_id = u.account_id;
INSERT INTO vbc_numbers (kind, last) SELECT 'account', COALESCE(MAX(number), 100000) FROM vbc_accounts;
INSERT INTO vbc_numbers (kind, last) SELECT 'user', COALESCE(MAX(number), 100000) FROM vbc_users;
INSERT INTO vbc_numbers (kind, last) VALUES ('location', 10000);
