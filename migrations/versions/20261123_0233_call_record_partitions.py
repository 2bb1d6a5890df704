"""call_record: a partition for each month, made ahead of time, and one for whatever falls outside."""

from __future__ import annotations

from alembic import op

revision = "20261123_0233"
down_revision = "20261123_0231"


def upgrade() -> None:
    op.execute("CREATE TABLE call_record_default PARTITION OF call_record DEFAULT")
    op.execute(
        """
        CREATE FUNCTION ensure_call_record_partitions(months_ahead integer DEFAULT 3) RETURNS integer
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            first date := date_trunc('month', now() AT TIME ZONE 'UTC');
            begins timestamptz;
            ends timestamptz;
            name text;
            made integer := 0;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('ensure_call_record_partitions', 0));
            FOR i IN -1 .. least(months_ahead, 24) LOOP
                begins := (first + make_interval(months => i)) AT TIME ZONE 'UTC';
                ends := (first + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
                name := 'call_record_' || to_char(first + make_interval(months => i), 'YYYYMM');
                CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
                -- a month whose calls are already in the default partition stays there: nothing is moved under load
                CONTINUE WHEN EXISTS (
                    SELECT FROM call_record_default r WHERE r.started_at >= begins AND r.started_at < ends
                );
                EXECUTE format(
                    'CREATE TABLE public.%I PARTITION OF public.call_record FOR VALUES FROM (%L) TO (%L)',
                    name, begins, ends
                );
                made := made + 1;
            END LOOP;
            RETURN made;
        END
        $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION ensure_call_record_partitions(integer) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION ensure_call_record_partitions(integer) TO ucc_system")


def downgrade() -> None:
    op.execute("DROP FUNCTION ensure_call_record_partitions(integer)")
    op.execute("DROP TABLE call_record_default")
