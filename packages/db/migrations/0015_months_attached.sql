-- Reads no rows, as the constraints prove where they belong.
DO $$
DECLARE
  boundary date := obj_description('audit_events'::regclass)::date;
  addition text;
BEGIN
  -- Empty columns that were kept for a version before that one.
  FOR addition IN
    SELECT format('ALTER TABLE "audit_trail" ADD COLUMN %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
    FROM pg_attribute a
    WHERE a.attrelid = 'audit_events'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND NOT EXISTS (
      SELECT FROM pg_attribute b WHERE b.attrelid = 'audit_trail'::regclass AND b.attname = a.attname)
  LOOP
    EXECUTE addition;
  END LOOP;
  EXECUTE format($sql$
    ALTER TABLE "audit_trail" ATTACH PARTITION "audit_events" FOR VALUES FROM (MINVALUE) TO (%L);
    ALTER TABLE "key_usage" ATTACH PARTITION "api_key_usage" FOR VALUES FROM (MINVALUE) TO (%L);
    COMMENT ON TABLE "audit_events" IS NULL;
    $sql$, boundary::text || ' 00:00:00+00', boundary);
END $$;--> statement-breakpoint
-- For rows whose month has no partition yet, so that no insert fails.
CREATE TABLE "audit_trail_rest" PARTITION OF "audit_trail" DEFAULT;--> statement-breakpoint
ALTER TABLE "audit_trail_rest" ADD PRIMARY KEY ("id");--> statement-breakpoint
CREATE UNIQUE INDEX "audit_trail_rest_summary_key" ON "audit_trail_rest" USING btree ("owner_id","summary_of") WHERE "summary_of" is not null;--> statement-breakpoint
CREATE TABLE "key_usage_rest" PARTITION OF "key_usage" DEFAULT;