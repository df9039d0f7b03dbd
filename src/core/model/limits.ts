/*
 * Every limit of the product. `npm run generate` writes the table in ARCHITECTURE.md from this file: the
 * first sentence of a comment says what is limited, the name ends in the unit, and the rooms are those that
 * import the constant. Limits that SQL repeats are compared with the catalog by test/house/limits.test.ts.
 */

// ## What users may send, the same by the API and by the command line

/** Characters of the name of a customer, a job type, an API key, or of who posts an entry. */
export const NAME_LENGTH_MAX = 200;
/** Keys of a customer that are not revoked. A key may create keys, so there must be an end. */
export const API_KEYS_MAX = 100;
/** How long a key stays valid after it was rolled, when the request does not say. */
export const KEY_OVERLAP_DEFAULT_SECONDS = 86_400;
/** How long a key may stay valid after it was rolled. */
export const KEY_OVERLAP_MAX_SECONDS = 30 * 86_400;
/** Characters of an e-mail address. */
export const EMAIL_LENGTH_MAX = 320;
/** Characters of a reference. */
export const REFERENCE_LENGTH_MAX = 200;
/** Characters of a reason. */
export const REASON_LENGTH_MAX = 500;
/** Characters of a processor's id. */
export const PROCESSOR_ID_LENGTH_MAX = 100;
/** Printable ASCII characters of an Idempotency-Key. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;
/** A request body, and an input that the command line reads. */
export const BODY_BYTES_MAX = 1_048_576;
/** Rows of a list when the request does not say. */
export const PAGE_LIMIT_DEFAULT = 50;
/** Rows of a list. */
export const PAGE_LIMIT_MAX = 200;
/** How far in the future a job may be scheduled. Ten years. */
export const RUN_AT_AHEAD_MAX_MS = 10 * 365.25 * 24 * 60 * 60 * 1_000;
/** The end of all times that are accepted. They begin in 1970. */
export const TIME_END_MS = Date.UTC(9999, 11, 31);
/** An amount, a price, a credit limit, a threshold. */
export const AMOUNT_CENTS_MAX = 1_000_000_000_000;
/** A balance, above and below zero. A safe integer. */
export const BALANCE_CENTS_MAX = 9_000_000_000_000_000;
/** Ledger entries that one call posts. */
export const POSTING_BATCH_MAX = 1_000;
/** Jobs that one call submits, claims or settles. */
export const JOB_BATCH_MAX = 1_000;
/** Attempts of a job when its type does not say. */
export const ATTEMPTS_DEFAULT = 3;
/** Attempts of a job. */
export const ATTEMPTS_MAX = 100;
/** The number of an attempt, in a request. Excused ones count here, and there is no end to them. */
export const ATTEMPTS_COUNTED_MAX = 999_999_999;
/** One attempt when its type does not say. */
export const TIMEOUT_DEFAULT_SECONDS = 300;
/** One attempt. */
export const TIMEOUT_MAX_SECONDS = 86_400;

/** How long the first page of a forward list waits for the transactions that run just then. */
export const ARRIVAL_MARK_MS = 300;
/**
 * How far a forward list looks back from the moment that it knows. submit_jobs notes ids that are older than
 * 5 s, so the clock of the database may go back by the other 30.
 */
export const ARRIVALS_AGE_MAX_MS = 35_000;

// ## Submissions

/** Input or output in one batch. A larger one goes alone. */
export const BATCH_BYTES_MAX = 8 * 1_048_576;
/** An input that is stored apart from smaller ones, which would wait for it. */
export const LARGE_INPUT_BYTES = 65_536;
/** Input in one batch of large inputs. A larger one goes alone. */
export const LARGE_BATCH_BYTES_MAX = 1_048_576;
/** Submissions of one process that may wait for the database. One more is refused with 503. */
export const SUBMISSIONS_WAITING_MAX = 20_000;
/** Batches of submissions that one process has under way. */
export const SUBMISSIONS_IN_FLIGHT_MAX = 2;
/** Submissions that do not wait behind a batch of as few: there is too little load to share a round trip. */
export const LIGHT_SUBMISSIONS_MAX = 4;
/**
 * How long a submission waits for a PostgreSQL that is away: to find its key's owner and its job type, and to be
 * stored. It is then refused with 503, after 5 s with the way there and back.
 */
export const SUBMIT_FOR_MS = 4_750;
/** What is left of that for storing, however long the look-ups took. */
export const SUBMIT_LEAST_MS = 1_500;
/**
 * How long a submission may have waited when a batch before it fails. Longer ones fail too, because too little
 * of their own time is left.
 */
export const SUBMISSION_PATIENCE_MS = 3_250;
/** The longest pause between two tries of a submission. */
export const SUBMIT_RETRY_DELAY_MAX_MS = 400;
/** How long a submission waits for its push to the ready queue. */
export const PUSH_TIMEOUT_MS = 250;
/** How old a cached job type may be. Its price and whether it is enabled are never cached. */
export const JOB_TYPE_CACHE_MS = 1_000;
/** How old a cached job type is when its next use reads it again, without waiting for that. */
export const JOB_TYPE_READ_AHEAD_MS = 500;
/** Job types that one process caches. */
export const JOB_TYPES_CACHED_MAX = 10_000;
/** Errors that the refusal of one input lists. */
export const INPUT_ERRORS_MAX = 20;
/**
 * Steps that the checks of one request's inputs take in the main thread. A step is about 0.1 µs. What needs
 * more is checked in another thread.
 */
export const CHECK_STEPS_HERE_MAX = 50_000;
/** Characters of an input schema that is compiled in the main thread. 30,000 take 15 ms. */
export const SCHEMA_CHARACTERS_HERE_MAX = 32_768;
/** Compiled input schemas that a process keeps, the last used ones. */
export const SCHEMAS_KEPT_MAX = 500;
/** Characters of all input schemas that a process keeps. */
export const SCHEMAS_KEPT_CHARACTERS_MAX = 16_777_216;
/** Threads of a process that check inputs. One customer has all but one of them at the most. */
export const CHECK_THREADS_MAX = 2;
/** How long the check of one input may take in a thread. Then the thread is ended and the input refused. */
export const CHECK_MAX_MS = 1_000;
/** How long a thread may compile an input schema. The largest that a body can hold takes 0.5 s. */
export const SCHEMA_COMPILE_MAX_MS = 5_000;
/** Heap of a thread that checks inputs. */
export const CHECK_HEAP_MB = 192;
/** Checks of one process that may wait for a thread. One more is refused with 503. */
export const CHECKS_WAITING_MAX = 5_000;
/** How long a check may wait for a thread. Then it is refused with 503. */
export const CHECK_PATIENCE_MS = 10_000;
/** Input schemas that a thread keeps. */
export const THREAD_SCHEMAS_KEPT_MAX = 50;

// ## The queue

/**
 * Ids of one priority in the ready queue. Further jobs wait in the backlog, where they cost less and
 * customers share fairly.
 */
export const READY_WINDOW = 5_000;
/** Customers of one priority that concurrent claims of the backlog hold apart. */
export const BACKLOG_CUSTOMERS_APART = 16;
/** Jobs of each kind that a count of waiting jobs counts. It must not read a backlog of any size. */
export const COUNT_MAX = 1_000_000;

/** The weight of a customer. */
export const WEIGHT_MAX = 1_000;
/** The limit of running jobs of a customer or a job type. */
export const RUNNING_LIMIT_MAX = 1_000_000;
/** The limit of waiting jobs of a customer. A submission counts them, so there must be an end. */
export const WAITING_LIMIT_MAX = 1_000_000;
/** When a job that was refused because too many wait may be submitted again. Nobody knows when one of them starts. */
export const QUEUE_FULL_RETRY_SECONDS = 5;
/** Jobs that have lost two runners, and that one runner then runs at the same time. */
export const ALONE_TOGETHER_MAX = 8;

// ## Runners

/** Silence after which a runner is dead, when RUNNER_LEASE_SECONDS does not say. */
export const LEASE_SECONDS = 10;
/**
 * How often a runner sends a heartbeat. The reply names jobs that were cancelled, so this bounds how late it
 * learns of that.
 */
export const HEARTBEAT_MS = 1_000;
/** How long the main event loop may be blocked. Then heartbeats stop, and the runner counts as dead. */
export const SILENT_LOOP_MS = 60_000;
/** Lost runners after which a job has failed. It may be what kills them. */
export const LOST_RUNNERS_MAX = 3;
/** How long one claim waits when there are no jobs. */
export const CLAIM_WAIT_MS = 2_000;
/**
 * How long a runner tries again to settle while PostgreSQL is away. Settling twice is harmless: the fence
 * refuses the second.
 */
export const SETTLE_FOR_MS = 10 * 60 * 1_000;
/** How long running jobs may go on after a runner is told to stop, when RUNNER_STOP_SECONDS does not say. */
export const STOP_SECONDS = 8;
/**
 * How long a runner may take after that to write what has ended and to give back the rest. It is gone within
 * the 10 s that `docker stop` waits, also while the database is away.
 */
export const STOP_SETTLE_MS = 1_000;
/** How long a process may take to close its connections, when it ends. */
export const STOP_CLOSE_MS = 300;
/** How long an attempt that was ended by a signal waits for the runner's own, which may come a moment later. */
export const SIGNAL_WAIT_MS = 1_000;
/** Errors that a job keeps, the last ones. */
export const ERRORS_KEPT_MAX = 20;
/** Characters of an error that a job keeps. Longer ones are cut. */
export const ERROR_MESSAGE_MAX = 2_000;
/** Characters of an error's stack, with those of its causes, that a job keeps for the operator. */
export const ERROR_STACK_MAX = 4_000;

// ## Processors

/** How long the import of one processor's file may take when a runner starts. Then it is left out. */
export const PROCESSOR_IMPORT_MS = 10_000;
/** Characters of the JSON Schema that runners register of a processor. A longer one is not registered. */
export const PROCESSOR_SCHEMA_CHARACTERS_MAX = 65_536;
/** An output, as JSON in UTF-8. */
export const OUTPUT_BYTES_MAX = 1_048_576;
/** How long a `RetryAfter` holds up the next attempt. A day; a longer one counts as that. */
export const RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1_000;
/** How often `npm start` looks for saved files of processors. What stands still between two looks is loaded. */
export const RELOAD_LOOK_MS = 300;
/** Files and folders in the folder of processors that `npm start` looks at. Further ones are not noticed. */
export const RELOAD_FILES_MAX = 2_000;
/** Heap of a worker thread, and of a process in which a job runs apart. Buffers do not count. */
export const THREAD_HEAP_MB = 512;
/** How long a worker thread may go on after an abort. Then it is terminated. */
export const TERMINATE_DELAY_MS = 1_000;
/** Processes of one runner in which jobs run apart. Others wait, and their timeout does not run. */
export const APART_MAX = 8;
/** What an attempt apart that has succeeded may need to end. Then its process is killed. */
export const APART_QUIET_MS = 500;
/** How long such a process waits for another attempt. */
export const APART_IDLE_MS = 5_000;
/** Memory that such a process may hold and still take another attempt. */
export const APART_IDLE_MB = 256;
/** How long such a process may take to load its processor. */
export const APART_START_MS = 60_000;
/** Between SIGTERM and SIGKILL for the process group of a command. */
export const KILL_DELAY_MS = 2_000;
/** One line of a command's stdout. An output may be as large as that. */
export const STDOUT_LINE_BYTES_MAX = 1_048_576;
/** All of a command's stdout. */
export const STDOUT_BYTES_MAX = 8 * 1_048_576;
/** Characters of a command's stderr that are logged. The rest is read and dropped, but for its end. */
export const STDERR_LOGGED_MAX = 65_536;
/** Characters at the end of a command's stderr that its error shows. */
export const STDERR_TAIL_MAX = 2_000;

// ## HTTP

/** Body bytes that requests of one customer may have under way. One more request is refused with 429. */
export const BYTES_IN_FLIGHT_MAX = 8 * 1_048_576;
/** Body bytes that requests with the admin key may have under way. */
export const ADMIN_BYTES_IN_FLIGHT_MAX = 64 * 1_048_576;
/** Body bytes that requests of one address may have under way without a valid key. */
export const STRANGER_BYTES_IN_FLIGHT_MAX = 4 * 1_048_576;
/** A body that is too small to be counted. */
export const SMALL_BODY_BYTES = 4_096;
/** A body whose length is not told counts as this much. */
export const CHUNKED_BYTES = 16_384;
/** A body that waits for its turn to be read. One is read at a time. */
export const LARGE_BODY_BYTES = 65_536;
/** How long work for one request may hold the event loop before it pauses. */
export const TURN_MS = 4;
/** Wrong fields that one response lists, over all items of a batch. */
export const ERRORS_PER_REQUEST_MAX = 100;
/** Bytes of the wrong fields that one response lists. Those beyond it are left out. */
export const ERROR_BYTES_PER_REQUEST_MAX = 32_768;
/** Characters of a JSON pointer in an error. A longer one is cut. */
export const POINTER_LENGTH_MAX = 200;
/** Characters of a detail, and of the message of a wrong field. A longer one is cut. */
export const DETAIL_LENGTH_MAX = 500;
/** Refused requests a second that get a line each in the log. The others are counted. */
export const REFUSALS_LOGGED_MAX = 20;
/** How long refused requests are counted before a line in the log says how many there were. */
export const REFUSALS_LOGGED_MS = 1_000;
/** Characters of a path in the log. */
export const PATH_LOGGED_MAX = 200;
/** The headers of a request. */
export const HEADER_BYTES_MAX = 16_384;
/** How long a connection is read, and what comes is dropped, after an error that ends it. */
export const HANG_UP_MS = 1_000;

/** How long a request may take to arrive. 1 MiB at 35 KiB/s: slower senders hold a socket no longer. */
export const REQUEST_TIMEOUT_MS = 30_000;
/**
 * How long a socket may be silent during a request. Longer than the slowest statement may take (30 s), so
 * that the response comes before the end of the connection.
 */
export const CONNECTION_TIMEOUT_MS = 60_000;
/**
 * How long a connection may be idle. Longer than the 60 s of common load balancers, so that they hang up
 * first and never send into a closing socket.
 */
export const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** How long requests may go on after the API is told to stop. Less than the 10 s that `docker stop` waits. */
export const CLOSE_MAX_MS = 8_000;
/** Requests of one process whose key waits to be looked up. One more is refused with 503. */
export const KEY_LOOKUPS_WAITING_MAX = 20_000;
/** Keys that one query looks up. */
export const KEY_LOOKUP_BATCH_MAX = 500;
/**
 * How long the owner of a key is believed after it was read, or after all changes were proved to be heard.
 * A revoked key is refused after this time at the latest, in every process: the promise is a second.
 */
export const KEY_TRUST_MS = 900;
/**
 * The age at which the owner of a key in use is looked up again. That also notes its use, which is promised to
 * the minute.
 */
export const KEY_REFRESH_MS = 10_000;
/** Owners of keys that one process caches. */
export const KEYS_CACHED_MAX = 10_000;
/** Requests of one key in a second, when KEY_REQUESTS_PER_SECOND does not say. */
export const KEY_REQUESTS_PER_SECOND = 1_000;
/** How long a key may save up requests that it did not send. */
export const KEY_BURST_SECONDS = 5;
/** Requests of one address in a minute whose key is not valid, when ADDRESS_FAILURES_PER_MINUTE does not say. */
export const ADDRESS_FAILURES_PER_MINUTE = 1_000;
/** How much later, about, a request is answered that came too often. Its sender cannot keep the process busy then. */
export const REFUSAL_DELAY_MS = 500;
/** Such requests that are held back at a time. Others are refused at once. */
export const REFUSALS_HELD_MAX = 5_000;
/** Keys, or addresses, whose rate one process keeps. */
export const RATE_BUCKETS_MAX = 20_000;
/** How long what was taken waits to be told to the other processes, by Redis. */
export const RATE_SHARE_MS = 200;
/** Keys, or addresses, of which one call tells. */
export const RATE_SHARE_BATCH_MAX = 1_000;
/** How long Redis may take for such a call. */
export const RATE_SHARE_TIMEOUT_MS = 1_000;
/** How long a request may wait for its job to end (`Prefer: wait`). */
export const WAIT_MAX_SECONDS = 60;
/** How long a waiting request goes without a look at its job, when no process tells that it ended. */
export const WAIT_LOOK_MS = 2_000;
/** Jobs of waiting requests that one query looks at. */
export const WAIT_LOOK_BATCH_MAX = 1_000;
/** Requests of one process that wait for the end of their jobs. */
export const WAITS_MAX = 10_000;
/** Requests of one customer that wait for the end of their jobs, in one process. */
export const WAITS_PER_CUSTOMER_MAX = 1_000;
/** How long changes of jobs wait to be told to other processes together. */
export const CHANGES_TOLD_MS = 25;
/** Changes of jobs that wait to be told. More are not told, and whoever waits for them looks by itself. */
export const CHANGES_PENDING_MAX = 20_000;
/** How often a process in which somebody watches jobs says so. */
export const WATCH_ANNOUNCED_MS = 5_000;
/** How long that is believed, after which a process where jobs change tells nobody of them. */
export const WATCH_BELIEVED_MS = 15_000;
/** Streams of events that one process has open. */
export const STREAMS_MAX = 5_000;
/** Streams of events of one customer, or of the admin key, that one process has open. */
export const STREAMS_PER_CUSTOMER_MAX = 2_500;
/** How long a stream of events is open. Its reader connects again, and is refused when its key has ended. */
export const STREAM_MAX_MS = 10 * 60 * 1_000;
/** Events that a stream reads at a time. It reads on when its reader has taken them. */
export const STREAM_EVENTS_MAX = 50;
/** Characters of messages after which a stream reads no further, so that a slow reader holds little memory. */
export const STREAM_PAGE_CHARACTERS_MAX = 16_384;
/** How long a stream is silent. Then it looks by itself, and writes a comment that keeps the connection open. */
export const STREAM_HEARTBEAT_MS = 15_000;
/** How far apart the looks of one stream are, however often its job changes. */
export const STREAM_LOOK_MS = 100;
/** Events in one answer as JSON. */
export const EVENTS_MAX = 1_000;
/** How long it is known which jobs ended, for the events of all jobs of a customer. */
export const FEED_DAYS = 7;
/** How far apart a stream of the events of all jobs tells which jobs changed. */
export const FEED_CHANGES_MS = 250;
/** Where many read, changes are told further apart: so long for each stream of the process. */
export const FEED_READER_MS = 3;
/** How long streams share a page that one of them has read. */
export const FEED_SHARED_MS = 500;
/** Streams of a process that are told something at once. Then whatever else waits goes first. */
export const FEED_WAVE = 50;
/** Jobs that a stream of the events of all jobs names as changed at a time. */
export const FEED_CHANGES_MAX = 50;
/** Jobs of each status that a count of jobs by status counts. */
export const STATUS_COUNT_MAX = 1_000;
/** Jobs that it looks at, of each status, where a filter passes over some. */
export const STATUS_COUNT_WINDOW = 10_000;
/** The number of an event. */
export const EVENT_ID_MAX = 999_999_999;
/** Keys without an owner that one process remembers, so that asking again asks the database nothing. */
export const UNKNOWN_KEYS_CACHED_MAX = 1_000;
/** How long a session lasts after sign-in. A working day. */
export const SESSION_MAX_MS = 12 * 60 * 60 * 1_000;
/** How long a session lasts without a request. */
export const SESSION_IDLE_MS = 2 * 60 * 60 * 1_000;
/** Sessions of one key. The next sign-in ends the oldest. */
export const SESSIONS_PER_KEY_MAX = 20;
/** How long the link that `npm start` prints can sign in. It does so once. */
export const SIGN_IN_LINK_MS = 10 * 60 * 1_000;
/** The body of a sign-in, which is read before anybody knows who sent it. */
export const SIGN_IN_BODY_BYTES_MAX = 8_192;
/** Sign-ins that one address may fail in a row. One more is refused with 429. */
export const SIGN_IN_FAILURES_MAX = 10;
/** The time after which an address may fail one more sign-in. */
export const SIGN_IN_FAILURE_MS = 6_000;
/** One of the two values of an action in the log of operators. A larger one is left out. */
export const ACTION_BYTES_MAX = 8_192;
/** Characters of a text in such a value. A longer one is cut. */
export const ACTION_TEXT_MAX = 500;
/** Items of a list in such a value. Of a longer one only their number is shown. */
export const ACTION_ITEMS_MAX = 20;
/** How long ago an action was begun that counts as never answered. Longer than any request takes. */
export const ACTION_FORGOTTEN_MS = 600_000;
/** Actions of operators that one call stores. */
export const ACTIONS_BATCH_MAX = 100;
/** Actions of operators that may wait to be stored. One more is refused with 503. */
export const ACTIONS_WAITING_MAX = 1_000;

// ## PostgreSQL

/** A statement of a request. Somebody waits for it: a 503 that says when to come back is better. */
export const REQUEST_STATEMENT_MS = 5_000;
/** A lock that a request waits for. */
export const REQUEST_LOCK_MS = 2_000;
/** A statement that claims or settles. It is tried again until it is done. */
export const RUNNER_STATEMENT_MS = 10_000;
/** A lock that a claim or a settle waits for. */
export const RUNNER_LOCK_MS = 5_000;
/** A statement of the audit. It reads every row. */
export const REPORT_STATEMENT_MS = 300_000;
/** A lock that the audit waits for. */
export const REPORT_LOCK_MS = 5_000;
/** Any other statement. */
export const OTHER_STATEMENT_MS = 30_000;
/** A lock that any other statement waits for. */
export const OTHER_LOCK_MS = 10_000;
/** Opening a connection, or waiting for a free one. Also in a burst of requests on a loaded machine. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** A transaction that does nothing. The server ends it, because it would hold its locks. */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/**
 * A lock that a migration waits for before it lets go and tries again. While it waits for a table, everybody
 * else who needs that table waits behind it.
 */
export const MIGRATION_LOCK_MS = 1_000;
/** All tries of a migration to get its locks. Then it names who holds them. */
export const MIGRATION_PATIENCE_MS = 30_000;
/** How far the clock of a host may differ from the database's before a start and `iep doctor` say so. */
export const CLOCK_TOLERANCE_MS = 2_000;
/** Connections of a process when DATABASE_POOL_SIZE does not say. A third is for claims and settles. */
export const POOL_SIZE_DEFAULT = 10;

// ## Metrics

/** Processors that metrics tell apart. Further ones are counted together, as `other`. */
export const PROCESSOR_LABELS_MAX = 50;
/** Claimed jobs a second of which a runner measures how long they waited. Of more it takes a fair sample. */
export const WAITS_SAMPLED_MAX = 200;
/**
 * How soon after one another metrics read the database, however often they are scraped. A read that takes
 * long is followed by a pause of 20 times that.
 */
export const FIGURES_EVERY_MS = 5_000;
/** How long a scrape waits for figures of the database or of Redis. It then shows those that were read last. */
export const FIGURES_WAIT_MS = 2_500;
/** A statement that reads figures for metrics. Counting a million waiting jobs takes up to 1 s. */
export const FIGURES_STATEMENT_MS = 5_000;
/** A lock that such a statement waits for. */
export const FIGURES_LOCK_MS = 500;
/** How old a runner's last heartbeat may be for metrics to count it. */
export const HEARTBEAT_AGE_MAX_MS = 10_000;

// ## Traces

/** Characters of the `tracestate` that goes on with a trace. A longer one is left out. */
export const TRACESTATE_LENGTH_MAX = 512;
/** How long a runner waits for the traces of jobs that it claimed. It runs them untraced after that. */
export const TRACES_READ_MS = 1_000;
/** How long a process that ends waits until its last spans are sent. */
export const TRACES_CLOSE_MS = 500;

// ## The log

/** Lines that wait because the target of the log takes nothing. Further lines are dropped and counted. */
export const LOG_PENDING_BYTES_MAX = 1_048_576;
/**
 * Characters that one attempt may log, what a command writes to stderr among them. Each line counts for 32
 * more. The rest is left out, and one line says so.
 */
export const ATTEMPT_LOG_MAX = 65_536;
/** Characters of a line that is kept with its job. What is longer is cut. */
export const JOB_LOG_LINE_MAX = 4_000;
/** Characters of the message that a processor tells with its progress. What is longer is cut. */
export const PROGRESS_MESSAGE_MAX = 500;
/** Steps of the progress of one attempt that are kept beside the latest. */
export const PROGRESS_STEPS_MAX = 1_000;
/** How long what attempts log waits to be stored together. The end of an attempt does not wait for it. */
export const JOB_LOG_FLUSH_MS = 500;
/** Lines that one call stores. */
export const JOB_LOG_BATCH_MAX = 2_000;
/** Characters of lines that wait in a runner to be stored. Further lines are dropped and counted. */
export const JOB_LOG_PENDING_MAX = 8 * 1_048_576;
/** How long the end of an attempt waits until its last lines are stored. Then it goes on without them. */
export const JOB_LOG_LAST_WAIT_MS = 1_000;
/** Characters of the shortest secret that is looked for in a log. A shorter one would be found everywhere. */
export const SECRET_LENGTH_MIN = 3;
/** Secret values of one input that are looked for in a log. Of a job with more, the texts are not kept. */
export const SECRETS_MAX = 1_000;
/**
 * Texts that are looked for in what an attempt tells: each line of a secret, as it is, as JSON and in an address.
 * Of a job with more, the texts are not kept.
 */
export const SECRET_FORMS_MAX = 2_000;

// ## What is kept

/** How long ended jobs are kept, when JOB_RETENTION_DAYS does not say. */
export const RETENTION_DAYS = 90;
/** How long an idempotency key is remembered. */
export const IDEMPOTENCY_KEY_DAYS = 30;
/** How long it is known which transactions stored old ids. An older forward cursor looks through all jobs. */
export const LATE_IDS_DAYS = 30;
/** How long an event of the outbox is kept that nobody took. */
export const OUTBOX_DAYS = 30;
/** How long deliveries of webhooks are kept, and how long they wait for an endpoint that is disabled. */
export const WEBHOOK_LOG_DAYS = 30;
/** How long a bulk action is kept after its end. As long as its idempotency key at least. */
export const BULK_ACTION_DAYS = 30;
/** How long the preview of a bulk action is kept. */
export const BULK_PREVIEW_DAYS = 1;
/** Idempotency keys, events, bulk actions and sessions that one call of expiry deletes. 50 calls in a row every 5 s keep up. */
export const EXPIRY_BATCH_MAX = 5_000;
/** Rows of one request for usage: a row for each span and job type. */
export const USAGE_ROWS_MAX = 10_000;
/** The range of a request for usage by the day. */
export const USAGE_DAYS_MAX = 92;
/** The range of a request for usage by the hour. */
export const USAGE_HOURS_MAX = 336;
/** Jobs, or actions of operators, or tens of webhook deliveries, that one batch of an erasure works on. */
export const ERASURE_BATCH_MAX = 500;
/** Open jobs that the preview of an erasure counts. */
export const OPEN_JOBS_COUNTED_MAX = 10_000;
/** Wallets that one call of sealing looks at. */
export const SEALED_WALLETS_MAX = 200;
/** Entries that one call of sealing seals. It takes 0.3 s at the most (a million took 2.9 s). */
export const SEALED_ENTRIES_MAX = 100_000;
/** Entries of a statement that are read at a time. */
export const STATEMENT_ENTRIES_MAX = 500;
/** Statements as CSV that one customer, or the admin key, may have under way. One more is refused with 429. */
export const STATEMENTS_PER_CUSTOMER_MAX = 4;
/** Statements as CSV that one process may have under way. */
export const STATEMENTS_MAX = 32;

// ## Figures and failures

/** Batches of ended jobs that one call counts. */
export const ENDED_BATCHES_MAX = 50;
/** How long the jobs that ended may wait to be counted before upkeep is said to be behind. */
export const UNCOUNTED_SECONDS_MAX = 60;
/** How long the oldest job of high priority may wait before the overview says so. */
export const WAIT_TARGET_HIGH_SECONDS = 10;
/** How long the oldest job of medium priority may wait before the overview says so. */
export const WAIT_TARGET_MEDIUM_SECONDS = 60;
/** How long the oldest job of low priority may wait before the overview says so. */
export const WAIT_TARGET_LOW_SECONDS = 600;
/** How long after an audit the next one is due. */
export const AUDIT_EVERY_MS = 60 * 60 * 1_000;
/** After an audit that takes long, the next one is due this many times as long after it (run_audit.sql). */
export const AUDIT_PAUSE_TIMES = 100;
/** Jobs that are counted as submitted in the last seconds. */
export const SUBMITTED_COUNT_MAX = 100_000;
/** How old the last audit may be before the overview says so. */
export const AUDIT_AGE_MAX_MS = 24 * 60 * 60 * 1_000;
/** How far back failures are listed when the request does not say. */
export const FAILURES_DAYS = 7;
/** Failed jobs of a known kind within 15 minutes from which on they are said to rise. */
export const RISING_FAILURE_JOBS_MIN = 10;
/** Failures that the overview names. */
export const RISING_FAILURES_MAX = 5;
/** How long figures by the minute are kept. */
export const MINUTE_FIGURES_DAYS = 2;
/** How long figures by the hour, and failures, are kept. */
export const FIGURES_DAYS = 90;

// ## Bulk actions

/** Ids that the filter of a bulk action may name. */
export const BULK_IDS_MAX = 1_000;
/** Jobs that one batch of a bulk action changes. */
export const BULK_BATCH_MAX = 200;
/** Jobs that one batch of a bulk action looks at first. */
export const BULK_FIRST_WINDOW = 2 * BULK_BATCH_MAX;
/** Jobs that one batch of a bulk action looks at where few of the first match. */
export const BULK_WINDOW = 20_000;
/** Bulk actions of one customer, or of the operator, that run at the same time. */
export const BULK_ACTIONS_RUNNING_MAX = 10;
/** Previews of one customer, or of the operator, that one process counts at a time. One more is refused with 429. */
export const BULK_PREVIEWS_PER_OWNER_MAX = 1;
/** Jobs that the preview of a bulk action counts. */
export const BULK_PREVIEW_JOBS_MAX = 100_000;
/** Jobs that the preview of a bulk action looks at. */
export const BULK_PREVIEW_WINDOW = 250_000;

// ## Webhooks

/** Endpoints of one customer, and of the operator. */
export const WEBHOOK_ENDPOINTS_MAX = 20;
/** Origins to which the jobs of one customer may bring webhooks of their own. */
export const WEBHOOK_ORIGINS_MAX = 100;
/** How long such an origin is kept that no job uses any more. As long as the log of its deliveries. */
export const WEBHOOK_ORIGIN_DAYS = 30;
/** Characters of the address of an endpoint. */
export const WEBHOOK_URL_LENGTH_MAX = 2_000;
/** Characters of the description of an endpoint. */
export const WEBHOOK_DESCRIPTION_MAX = 200;
/** Bytes of a new secret. */
export const WEBHOOK_SECRET_BYTES = 32;
/** How long a rotated secret signs as well, when the request does not say. */
export const WEBHOOK_OVERLAP_HOURS = 24;
/** The longest time that a rotated secret may sign as well, in hours. */
export const WEBHOOK_OVERLAP_HOURS_MAX = 168;
/** Bytes of an input or an output, as JSON, that an event carries. A larger one is left out, and named. */
export const WEBHOOK_VALUE_BYTES_MAX = 4_096;
/** How long an endpoint may take to answer a delivery. */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** How long the body of an answer is read after its head. */
export const WEBHOOK_BODY_MS = 1_000;
/** Bytes of an answer that are read before the connection is cut. */
export const WEBHOOK_ANSWER_BYTES = 16_384;
/** Bytes of the body of an answer that are kept. */
export const WEBHOOK_ANSWER_KEPT_BYTES = 1_024;
/** Headers of an answer that are kept. */
export const WEBHOOK_ANSWER_HEADERS_MAX = 20;
/** Characters of such a header that are kept. */
export const WEBHOOK_ANSWER_HEADER_MAX = 200;
/** How long a claimed delivery is left alone. A process that dies with it delays it by no more. */
export const WEBHOOK_LEASE_MS = 45_000;
/** The longest time that an endpoint may ask to be left alone with Retry-After. */
export const WEBHOOK_RETRY_AFTER_MAX_MS = 24 * 60 * 60 * 1_000;
/** How long such a request pauses all of the endpoint, at most. */
export const WEBHOOK_PAUSE_MAX_MS = 60 * 60 * 1_000;
/** Failures in a row after which an endpoint is paused, and tried with one delivery at a time. */
export const WEBHOOK_FAILURES_MAX = 5;
/** Answers of a delivery that are kept, the last ones. */
export const WEBHOOK_ANSWERS_MAX = 10;
/** How long an endpoint may fail without a success until it is disabled. */
export const WEBHOOK_FAILING_DAYS = 5;
/** Deliveries of one process that are under way. */
export const WEBHOOKS_IN_FLIGHT_MAX = 512;
/** Deliveries of one process to one endpoint that are under way, when it answers fast. */
export const WEBHOOKS_PER_ENDPOINT_MAX = 64;
/** Deliveries to an endpoint that are under way as long as nobody knows how fast it answers. */
export const WEBHOOKS_FIRST_MAX = 4;
/** The work of an endpoint that one process has under way: the number of deliveries times the time of its answers. */
export const WEBHOOK_ENDPOINT_WORK_MS = 10_000;
/** Deliveries that one claim takes. */
export const WEBHOOK_CLAIM_MAX = 200;
/** Ended jobs of one batch of events, from which deliveries are made. */
export const WEBHOOK_BATCH_JOBS_MAX = 100;
/** Batches of an endpoint that are counted for what waits for it: the oldest ones. */
export const WEBHOOK_BATCHES_COUNTED_MAX = 10_000;
/** Endpoints that one claim looks at. */
export const WEBHOOK_ENDPOINTS_LOOKED_AT = 256;
/** Deliveries that one replay sends again. */
export const WEBHOOK_REPLAY_MAX = 10_000;
/** How long a listener lives without a sign of life. */
export const WEBHOOK_LISTENER_MS = 60_000;
