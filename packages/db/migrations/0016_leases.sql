CREATE TABLE "authority" (
	"is_only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"raised_by" "xid8",
	"deleted_to" bigint DEFAULT 0 NOT NULL,
	"longest_lease" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "authority_is_only_check" CHECK ("authority"."is_only")
);
--> statement-breakpoint
CREATE TABLE "authority_changes" (
	"position" bigint NOT NULL,
	"subject_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT clock_timestamp() NOT NULL,
	CONSTRAINT "authority_changes_position_subject_id_pk" PRIMARY KEY("position","subject_id")
);
--> statement-breakpoint
CREATE TABLE "leases" (
	"instance_id" uuid PRIMARY KEY NOT NULL,
	"token" uuid NOT NULL,
	"applied" bigint NOT NULL,
	"length" integer NOT NULL
);
--> statement-breakpoint
INSERT INTO "authority" DEFAULT VALUES;
--> statement-breakpoint
-- Runs last in its transaction, as changes wait for each other here until they commit.
CREATE FUNCTION raise_authority() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  longest integer;
  changed uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
  PERFORM set_config('search_path', quote_ident(tg_table_schema) || ', pg_temp', true);
  -- Whoever grants the first lease takes it exclusively, and so waits for the changes that go unrecorded.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('latchkey leases ' || tg_table_schema, 0));
  SELECT longest_lease INTO longest FROM authority;
  -- At a higher level of isolation, the first lease may be invisible here.
  IF longest = 0 AND current_setting('transaction_isolation') = 'read committed' THEN
    RETURN NULL;
  END IF;
  -- A release that does not wait for the leases to end is known by its settings.
  IF current_setting('latchkey.waits_for_leases', true) IS DISTINCT FROM 'on'
    AND current_setting('lock_timeout') = '2s'
    AND current_setting('idle_in_transaction_session_timeout') = '10s'
  THEN
    RAISE EXCEPTION USING errcode = 'object_not_in_prerequisite_state',
      message = 'instances of a newer release of Latchkey answer from memory; this release can''t change rights beside them';
  END IF;
  IF tg_level = 'ROW' THEN
    changed := CASE tg_op WHEN 'INSERT' THEN new.id ELSE old.id END;
  END IF;
  UPDATE authority SET position = position + 1, raised_by = pg_current_xact_id()
    WHERE raised_by IS DISTINCT FROM pg_current_xact_id();
  INSERT INTO authority_changes (position, subject_id) SELECT position, changed FROM authority ON CONFLICT DO NOTHING;
  -- It only hastens what the next renewal of each lease reads anyway.
  PERFORM pg_notify('latchkey_' || md5(tg_table_schema), '');
  RETURN NULL;
END $$;
--> statement-breakpoint
-- It runs as its owner, so nobody else may attach it to a table of their own.
REVOKE ALL ON FUNCTION raise_authority() FROM PUBLIC;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER api_keys_raise_authority AFTER UPDATE ON "api_keys" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN ((old.owner_id, old.prefix, old.lookup_id, old.imported_start, old.imported_length, old.hash_kind, old.key_hash,
      old.label, old.scopes, old.allowed_ips, old.rate_limit, old.rate_window, old.counter_id, old.disabled_at, old.locked,
      old.checks, old.metadata, old.expires_at, old.revoked_at)
    IS DISTINCT FROM (new.owner_id, new.prefix, new.lookup_id, new.imported_start, new.imported_length, new.hash_kind,
      new.key_hash, new.label, new.scopes, new.allowed_ips, new.rate_limit, new.rate_window, new.counter_id,
      new.disabled_at, new.locked, new.checks, new.metadata, new.expires_at, new.revoked_at))
  EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER api_keys_deleted_raise_authority AFTER DELETE ON "api_keys" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.revoked_at IS NULL) EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER owners_raise_authority AFTER UPDATE ON "owners" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN ((old.issuer, old.subject, old.email, old.role, old.disabled_at, old.erased_at)
    IS DISTINCT FROM (new.issuer, new.subject, new.email, new.role, new.disabled_at, new.erased_at))
  EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER owners_inserted_raise_authority AFTER INSERT ON "owners" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (new.disabled_at IS NOT NULL) EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER owners_deleted_raise_authority AFTER DELETE ON "owners" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
-- Refreshing a session extends it, which ends nothing.
CREATE CONSTRAINT TRIGGER sessions_raise_authority AFTER UPDATE ON "sessions" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (old.user_id IS DISTINCT FROM new.user_id OR old.ended_at IS DISTINCT FROM new.ended_at
    OR new.expires_at < old.expires_at)
  EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER sessions_deleted_raise_authority AFTER DELETE ON "sessions" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.ended_at IS NULL AND old.expires_at > now()) EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE TRIGGER api_keys_truncated_raise_authority AFTER TRUNCATE ON "api_keys" EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE TRIGGER owners_truncated_raise_authority AFTER TRUNCATE ON "owners" EXECUTE FUNCTION raise_authority();
--> statement-breakpoint
CREATE TRIGGER sessions_truncated_raise_authority AFTER TRUNCATE ON "sessions" EXECUTE FUNCTION raise_authority();
