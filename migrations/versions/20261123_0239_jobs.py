"""The job queue's own schema (procrastinate 3.10), for the system role only."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "20261123_0239"
down_revision = "20261123_0237"

SCHEMA = Path(__file__).with_suffix(".sql")


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SCHEMA.read_text().replace("%", "%%"))
    op.execute(
        """
        DO $$
        DECLARE item text;
        BEGIN
            FOR item IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%' LOOP
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO ucc_system', item);
            END LOOP;
            FOR item IN SELECT sequencename FROM pg_sequences
                WHERE schemaname = 'public' AND sequencename LIKE 'procrastinate%' LOOP
                EXECUTE format('GRANT USAGE ON SEQUENCE public.%I TO ucc_system', item);
            END LOOP;
            FOR item IN SELECT p.oid::regprocedure::text FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'procrastinate%' LOOP
                EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', item);
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO ucc_system', item);
            END LOOP;
        END
        $$
        """
    )


def downgrade() -> None:
    op.execute(
        """
        DO $$
        DECLARE item text;
        BEGIN
            FOR item IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%' LOOP
                EXECUTE format('DROP TABLE public.%I CASCADE', item);
            END LOOP;
            FOR item IN SELECT p.oid::regprocedure::text FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'procrastinate%' LOOP
                EXECUTE 'DROP FUNCTION ' || item || ' CASCADE';
            END LOOP;
            FOR item IN SELECT t.oid::regtype::text FROM pg_type t
                WHERE t.typnamespace = 'public'::regnamespace AND t.typname LIKE 'procrastinate%'
                AND t.typtype IN ('e', 'c') LOOP
                EXECUTE 'DROP TYPE ' || item || ' CASCADE';
            END LOOP;
        END
        $$
        """
    )
