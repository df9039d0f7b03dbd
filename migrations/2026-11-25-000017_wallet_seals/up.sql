-- Tamper evidence, off the hot path: a hash chain per wallet over its entries, a link a minute for what was new. Whoever rewrites an entry past the triggers must rewrite
-- every later link too, and cannot rewrite a digest that somebody noted elsewhere (`iep audit --seals` prints it).
CREATE TABLE wallet_seals (
  wallet_id uuid NOT NULL,
  last_seq  bigint NOT NULL,
  first_seq bigint NOT NULL CHECK (first_seq BETWEEN 1 AND last_seq),
  -- sha256 of the link before and the entries first_seq to last_seq.
  hash      bytea NOT NULL CHECK (length(hash) = 32),
  -- 1, 2, 3 … over all wallets, without a gap, in the order of commits: a digest of the first so many can be asked for again at any later time.
  link      bigint NOT NULL UNIQUE,
  sealed_at timestamptz NOT NULL DEFAULT now(),
  -- Serves the newest link of a wallet, and the walk along the chain.
  PRIMARY KEY (wallet_id, last_seq)
);
CREATE TRIGGER wallet_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_seals FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();
REVOKE UPDATE, DELETE, TRUNCATE ON wallet_seals FROM PUBLIC, CURRENT_USER;

CREATE FUNCTION hash_entries(p_wallet uuid, p_first bigint, p_last bigint, p_link_before bytea) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(coalesce(p_link_before, '') || convert_to(coalesce(string_agg(
           jsonb_build_array(e.wallet_id, e.seq, e.kind, e.amount_cents, e.balance_after_cents, e.job_id, e.reference, e.reason, e.actor,
                             (extract(epoch FROM e.created_at) * 1000000)::bigint)::text, E'\n' ORDER BY e.seq), ''), 'UTF8'))
    FROM wallet_entries e WHERE e.wallet_id = p_wallet AND e.seq BETWEEN p_first AND p_last
$$;

-- SEAL: links for what is not sealed yet of up to p_wallets wallets after the cursor, up to p_entries entries in all. Locks nothing: entries never change, and what is visible
-- of them has no gap. One process at a time, until its commit, which keeps the links in order. Answers the next cursor, null at the end of the round, or while another process
-- is at it.
CREATE FUNCTION seal_wallets(p_wallets int, p_entries int, p_cursor uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  v_wallet record;
  v_seen   int := 0;
  v_cursor uuid := coalesce(p_cursor, '00000000-0000-0000-0000-000000000000');
  v_left   bigint := p_entries;
  v_sealed bigint;
  v_last   bigint;
  v_hash   bytea;
  v_link   bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('seal_wallets')) THEN RETURN NULL; END IF;
  v_link := coalesce((SELECT max(s.link) FROM wallet_seals s), 0);
  FOR v_wallet IN
    SELECT w.id, w.last_entry_seq, coalesce(s.last_seq, 0) AS sealed_seq, s.hash
      FROM (SELECT w.id, w.last_entry_seq FROM wallets w WHERE w.id > v_cursor ORDER BY w.id LIMIT p_wallets) w
      LEFT JOIN LATERAL (SELECT s.last_seq, s.hash FROM wallet_seals s WHERE s.wallet_id = w.id ORDER BY s.last_seq DESC LIMIT 1) s ON true
     ORDER BY w.id
  LOOP
    v_sealed := v_wallet.sealed_seq;
    IF v_sealed < v_wallet.last_entry_seq THEN
      v_last := least(v_wallet.last_entry_seq, v_sealed + v_left);
      v_hash := hash_entries(v_wallet.id, v_sealed + 1, v_last, v_wallet.hash);
      v_link := v_link + 1; v_left := v_left - (v_last - v_sealed);
      INSERT INTO wallet_seals (link, wallet_id, first_seq, last_seq, hash) VALUES (v_link, v_wallet.id, v_sealed + 1, v_last, v_hash);
      IF v_last < v_wallet.last_entry_seq THEN RETURN v_cursor; END IF;  -- the rest of this wallet comes with the next call
    END IF;
    v_seen := v_seen + 1; v_cursor := v_wallet.id;
    IF v_left = 0 THEN RETURN v_cursor; END IF;
  END LOOP;
  RETURN CASE WHEN v_seen = p_wallets THEN v_cursor END;
END $$;

-- The links that do not fit what they seal, or the link before, or that follow a missing one. Empty unless somebody rewrote history.
CREATE VIEW broken_seals AS
SELECT s.wallet_id, s.first_seq, s.last_seq
  FROM (SELECT s.*, lag(s.hash) OVER chain AS hash_before, lag(s.last_seq) OVER chain AS last_before, row_number() OVER (ORDER BY s.link) AS place FROM wallet_seals s
        WINDOW chain AS (PARTITION BY s.wallet_id ORDER BY s.last_seq)) s
 WHERE s.link <> s.place OR s.first_seq <> coalesce(s.last_before, 0) + 1 OR s.hash <> hash_entries(s.wallet_id, s.first_seq, s.last_seq, s.hash_before);
