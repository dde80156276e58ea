ALTER TABLE "authority" ADD COLUMN "deployment_id" uuid;
--> statement-breakpoint
ALTER TABLE "authority" ADD COLUMN "logged_to" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "authority_changes" ADD COLUMN "kind" text DEFAULT 'everything' NOT NULL;
--> statement-breakpoint
ALTER TABLE "authority_changes" DROP CONSTRAINT "authority_changes_position_subject_id_pk";
--> statement-breakpoint
ALTER TABLE "authority_changes" ADD CONSTRAINT "authority_changes_position_subject_id_kind_pk" PRIMARY KEY("position","subject_id","kind");
--> statement-breakpoint
-- Runs last in its transaction, as changes wait for each other here until they commit. With an argument, which is the kind of
-- the change, it records only for the restore log.
CREATE OR REPLACE FUNCTION raise_authority() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  longest integer;
  deployment uuid;
  changed uuid := '00000000-0000-0000-0000-000000000000';
  what text := 'everything';
BEGIN
  PERFORM set_config('search_path', quote_ident(tg_table_schema) || ', pg_temp', true);
  -- Whoever grants the first lease or begins a log takes it exclusively, and so waits for the changes that go unrecorded.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('latchkey leases ' || tg_table_schema, 0));
  SELECT longest_lease, deployment_id INTO longest, deployment FROM authority;
  -- At a higher level of isolation, the first lease or log may be invisible here.
  IF deployment IS NULL AND (longest = 0 OR tg_nargs > 0) AND current_setting('transaction_isolation') = 'read committed' THEN
    RETURN NULL;
  END IF;
  -- A new hash of the same password ends nothing.
  IF tg_nargs > 0 AND tg_argv[0] = 'password' AND current_setting('latchkey.same_password', true) = 'on' THEN
    RETURN NULL;
  END IF;
  -- A release that knows of no leases is known by its settings. It writes no log either.
  IF current_setting('latchkey.waits_for_leases', true) IS DISTINCT FROM 'on'
    AND current_setting('lock_timeout') = '2s'
    AND current_setting('idle_in_transaction_session_timeout') = '10s'
  THEN
    RAISE EXCEPTION USING errcode = 'object_not_in_prerequisite_state',
      message = 'instances of a newer release of Latchkey answer from memory, or keep a restore log; this release can''t change rights beside them';
  END IF;
  IF tg_level = 'ROW' THEN
    what := CASE WHEN tg_nargs > 0 THEN tg_argv[0] WHEN tg_table_name = 'api_keys' THEN 'key'
      WHEN tg_table_name = 'owners' THEN 'owner' ELSE 'session' END;
    IF what = 'factor' THEN
      IF tg_op = 'DELETE' THEN changed := old.user_id; ELSE changed := new.user_id; END IF;
    ELSIF tg_op = 'INSERT' THEN
      changed := new.id;
    ELSE
      changed := old.id;
    END IF;
  END IF;
  UPDATE authority SET position = position + 1, raised_by = pg_current_xact_id()
    WHERE raised_by IS DISTINCT FROM pg_current_xact_id();
  INSERT INTO authority_changes (position, subject_id, kind) SELECT position, changed, what FROM authority
    ON CONFLICT DO NOTHING;
  -- It only hastens what the next renewal of each lease reads anyway.
  IF tg_nargs = 0 THEN
    PERFORM pg_notify('latchkey_' || md5(tg_table_schema), '');
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER owners_password_raise_authority AFTER UPDATE ON "owners" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.password_hash IS DISTINCT FROM new.password_hash) EXECUTE FUNCTION raise_authority('password');
--> statement-breakpoint
-- A refresh uses up the token before.
CREATE CONSTRAINT TRIGGER sessions_refreshed_raise_authority AFTER UPDATE ON "sessions" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.turn_hash IS DISTINCT FROM new.turn_hash) EXECUTE FUNCTION raise_authority('session');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER second_factors_enabled_raise_authority AFTER UPDATE ON "second_factors" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.enabled_at IS DISTINCT FROM new.enabled_at) EXECUTE FUNCTION raise_authority('factor');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER second_factors_deleted_raise_authority AFTER DELETE ON "second_factors" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (old.enabled_at IS NOT NULL) EXECUTE FUNCTION raise_authority('factor');
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER recovery_codes_deleted_raise_authority AFTER DELETE ON "recovery_codes" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION raise_authority('factor');
