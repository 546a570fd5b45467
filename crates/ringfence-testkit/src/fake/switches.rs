//! What the test can choose: each behaviour the vendor leaves open, and each fault.

/// How a 429 or 503 says when to come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RetryAfter {
    /// The true number of seconds.
    Seconds,
    /// The true instant as an HTTP date.
    HttpDate,
    /// No header.
    Absent,
    /// `-5`.
    Negative,
    /// Some three hundred years.
    Absurd,
    /// A word.
    Garbage,
}

/// Which digests come with a whole entity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DigestHeaders {
    /// None.
    Off,
    /// `Repr-Digest` (RFC 9530).
    ReprDigest,
    /// `Digest` (RFC 3230).
    Digest,
    /// `Content-MD5` (RFC 1864).
    ContentMd5,
    /// All three.
    All,
}

/// How the entity tag behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EtagMode {
    /// Names the bytes.
    Strong,
    /// Starts with `W/`.
    Weak,
    /// Is not sent.
    Missing,
    /// Differs on each response, though the bytes are the same.
    Changing,
}

/// What becomes of a `Range` header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RangeMode {
    /// 206 with just that part; `If-Range` is honoured.
    Honoured,
    /// 200 with everything.
    Ignored,
    /// 206 that truthfully says it starts so many bytes earlier.
    StartsEarlier(u64),
    /// 206 that claims the asked offset while the bytes come from so much earlier.
    LiesAboutStart(u64),
    /// 416.
    NotSatisfiable,
    /// 206 whose total differs from before.
    TotalChanged,
    /// 206 with a part of another entity, which from then on is the content.
    EntityChanged,
    /// 206 with a `multipart/byteranges` type.
    Multipart,
}

/// What the token endpoint does wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenFault {
    /// 400 `invalid_client`.
    InvalidClient,
    /// 400 `invalid_scope` for one scope.
    InvalidScope(String),
    /// A bare status.
    Status(u16),
    /// 200 with a page for people.
    Html,
    /// 200 with no token inside.
    NoToken,
}

/// The body of the users list (vcc-api §15.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsersShape {
    /// `{"meta":…,"users":[…]}`
    MetaUsers,
    /// `{"users":[…]}`
    Users,
    /// `{"meta":…,"items":[…]}`
    MetaItems,
    /// `[…]`
    Bare,
}

/// What a continuation token of the search means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paging {
    /// After that row: inserts and deletes elsewhere move nothing.
    Keyset,
    /// So many rows in: inserts and deletes before it shift the page.
    Offset,
}

/// Whether the owner's feature permissions can be read by machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnPermissions {
    /// Yes, under the keys we know.
    Readable,
    /// The list holds only other keys.
    OtherKeys,
    /// 403.
    Refused,
}

/// How one answer is replaced, whatever the route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// As usual.
    Pass,
    /// A status with a JSON message.
    Status(u16),
    /// A status and a `Retry-After` text.
    StatusRetryAfter(u16, String),
    /// 200 with this body and media type.
    Body(String, String),
    /// The connection is reset before any answer.
    Reset,
    /// As usual, after so many real milliseconds.
    Late(u64),
    /// Never.
    Hang,
}

/// What goes wrong with one download.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DownloadFault {
    /// Nothing.
    None,
    /// `Content-Length` is right, the connection ends after so many bytes.
    CutWithLength(u64),
    /// Chunked, the connection ends after so many bytes without the last chunk.
    CutChunked(u64),
    /// Delimited by the end of the connection, which comes cleanly after so many bytes.
    CutClose(u64),
    /// The connection is reset after so many bytes.
    ResetAfter(u64),
    /// Chunked, and complete.
    Chunked,
    /// 200 with a JSON error in it, announced as JSON.
    JsonBody,
    /// 200 with a JSON error in it, announced as audio.
    JsonBodyAsAudio,
    /// 200 with an HTML page.
    HtmlBody,
    /// 200 with an HTML page announced as audio.
    HtmlBodyAsAudio,
    /// `Content-Encoding: gzip`, though nobody asked.
    Gzip,
    /// The gzip bytes with no such header.
    GzipUnannounced,
    /// 200 and no bytes.
    Empty,
    /// 204.
    NoContent,
    /// One byte differs; the digest headers are those of the right bytes.
    FlippedByte(u64),
    /// The bytes are right, the digest headers are not.
    WrongDigest,
    /// A bare status.
    Status(u16),
    /// 401 as for an expired token.
    TokenExpired,
    /// The item is deleted as the request arrives: 404.
    Gone,
    /// The item is deleted after so many bytes, and the connection ends.
    GoneAfter(u64),
    /// A pause of so many real milliseconds before each 16 KiB.
    Slow(u64),
    /// A pause of real milliseconds after so many bytes, then the rest.
    PauseAfter(u64, u64),
    /// 302 to the same path on another host.
    RedirectElsewhere,
}

/// Everything that may be set, also in mid-run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Switches {
    /// Requests a minute over all APIs; `None` is unlimited.
    pub quota_per_minute: Option<u32>,
    /// Whether refused requests count against the quota.
    pub refusals_count: bool,
    /// What 429 says.
    pub retry_after: RetryAfter,
    /// Requests a minute that somebody else makes.
    pub other_client_per_minute: u32,
    /// Digests offered with a download.
    pub digests: DigestHeaders,
    /// Whether the content search's `end` is inclusive.
    pub end_inclusive: bool,
    /// Status for content the owner may not see: 403 or 404.
    pub hidden_status: u16,
    /// Entity tags.
    pub etag: EtagMode,
    /// Whether `Last-Modified` is sent.
    pub last_modified: bool,
    /// Ranges.
    pub range: RangeMode,
    /// True life of a token.
    pub token_life_ms: u64,
    /// What `expires_in` claims, if not the truth.
    pub token_claims_secs: Option<i64>,
    /// The token endpoint's fault.
    pub token_fault: Option<TokenFault>,
    /// Users list.
    pub users_shape: UsersShape,
    /// Whether the content search drops the milliseconds of `start`.
    pub truncate_start: bool,
    /// What a search token means.
    pub paging: Paging,
    /// Largest page the search gives, whatever was asked.
    pub search_page_cap: usize,
    /// Whether the owner can read their own permissions.
    pub own_permissions: OwnPermissions,
    /// Whether the search sorts newest first.
    pub search_newest_first: bool,
    /// Whether the listed `contentLength` is missing.
    pub listed_length_missing: bool,
    /// Added to the listed `contentLength`.
    pub listed_length_off: i64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            quota_per_minute: None,
            refusals_count: false,
            retry_after: RetryAfter::Seconds,
            other_client_per_minute: 0,
            digests: DigestHeaders::Off,
            end_inclusive: true,
            hidden_status: 404,
            etag: EtagMode::Strong,
            last_modified: true,
            range: RangeMode::Honoured,
            token_life_ms: 900_000,
            token_claims_secs: None,
            token_fault: None,
            users_shape: UsersShape::MetaUsers,
            truncate_start: true,
            paging: Paging::Keyset,
            search_page_cap: 1000,
            own_permissions: OwnPermissions::Readable,
            search_newest_first: false,
            listed_length_missing: false,
            listed_length_off: 0,
        }
    }
}
