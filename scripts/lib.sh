# Sourced by the scripts beside it. What each of them needs: missing packages, a Python with a few libraries,
# a PostgreSQL and an S3 server of their own that end with the script.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
at_end=()

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 3; }

# Runs what was registered with `at_end+=(…)`, last first, whatever way the script ends.
run_at_end() {
    local i
    for ((i = ${#at_end[@]} - 1; i >= 0; i--)); do eval "${at_end[i]}" || true; done
}
trap run_at_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# install_missing PACKAGE=PROOF…: installs each package whose proof is lacking. A proof is a command, or a path (may be a glob).
install_missing() {
    local pair package proof missing=()
    for pair in "$@"; do
        package=${pair%%=*} proof=${pair#*=}
        case $proof in
            */*) compgen -G "$proof" >/dev/null || missing+=("$package") ;;
            *) command -v "$proof" >/dev/null || missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install: ${missing[*]} (Debian's names; there is no apt-get here)"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "please install as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

require_cargo() {
    [ -d "$HOME/.cargo/bin" ] && PATH=$PATH:$HOME/.cargo/bin
    command -v cargo >/dev/null || fail "there is no Rust toolchain; see https://rustup.rs"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# python_venv PACKAGE…: a virtual environment under target/ with these packages; sets PYTHON.
python_venv() {
    local folder=$TARGET/venv
    PYTHON=$folder/bin/python
    [ -x "$PYTHON" ] && [ "$(cat "$folder/packages" 2>/dev/null)" = "$*" ] && return 0
    say "preparing Python with $*"
    rm -rf "$folder"
    mkdir -p "$TARGET"
    python3 -m venv "$folder"
    "$PYTHON" -m pip install --quiet --disable-pip-version-check "$@"
    printf '%s' "$*" >"$folder/packages"
}

# node_packages FOLDER: the packages of a folder of scripts, exactly as locked, in an ignored folder beside them.
node_packages() {
    local folder=$ROOT/$1
    cmp -s "$folder/package-lock.json" "$folder/node_modules/.locked" && return 0
    say "preparing the packages of $1"
    (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    cp "$folder/package-lock.json" "$folder/node_modules/.locked"
}

# A PostgreSQL of our own: free port, temporary folder, a random password; stopped and removed at the end. Sets PG_URL.
# It keeps nothing, so it need not wait for the disk.
start_postgres() {
    local bin folder port password as=()
    bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1)
    folder=$(mktemp -d /tmp/ringfence-pg.XXXXXX)
    at_end+=("rm -rf '$folder'")
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s' "$password" >"$folder/password"
    if [ "$(id -u)" -eq 0 ]; then
        # initdb refuses to run as root.
        local user=postgres
        id postgres >/dev/null 2>&1 || user=nobody
        chown -R "$user" "$folder"
        as=(runuser -u "$user" --)
    fi
    (cd "$folder" && "${as[@]}" "$bin/initdb" -D "$folder/data" -U ringfence -A scram-sha-256 --pwfile="$folder/password" \
        -E UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1) || { cat "$folder/initdb.log" >&2; fail "initdb failed"; }
    port=$(free_port)
    (cd "$folder" && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -s start -o \
        "-h 127.0.0.1 -p $port -k '$folder' -c fsync=off -c full_page_writes=off -c max_connections=400") \
        || { cat "$folder/server.log" >&2; fail "PostgreSQL did not start"; }
    at_end+=("(cd '$folder' && ${as[*]} '$bin/pg_ctl' -D '$folder/data' -m immediate -s stop)")
    PGPASSWORD=$password "$bin/psql" -h 127.0.0.1 -p "$port" -U ringfence -d postgres -q -c 'CREATE DATABASE ringfence'
    PG_URL=postgres://ringfence:$password@127.0.0.1:$port/ringfence
    say "PostgreSQL is on port $port"
}

# An S3 server in memory (moto) on a free port, stopped at the end. Sets S3_URL.
start_s3() {
    local port log tries=0
    port=$(free_port)
    log=$(mktemp /tmp/ringfence-s3.XXXXXX)
    at_end+=("rm -f '$log'")
    "$PYTHON" -m moto.server -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
    at_end+=("kill $!")
    S3_URL=http://127.0.0.1:$port
    until curl -sf -o /dev/null "$S3_URL/moto-api/"; do
        tries=$((tries + 1))
        [ $tries -lt 150 ] || { cat "$log" >&2; fail "the S3 server did not start"; }
        sleep 0.2
    done
    say "the S3 server is on port $port"
}
