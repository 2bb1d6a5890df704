"""Shows the demo: where it is, who may log in, and what the demo calls cost; for a check, one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ucc.config import Settings
from ucc.demo import Demo
from ucc.kit.money import format_yuan
from ucc.secrets import Secrets
from ucc.stack.demo_proof import CallProof

FAILED = 1


def show_welcome(screen: Console, settings: Settings, demo: Demo) -> None:
    """The address and the logins."""
    screen.print(f"\n[bold]Console[/]  http://{settings.address}:{settings.api_port}")
    table = Table("login", "password", "role", box=None, pad_edge=False)
    for login in demo.logins:
        table.add_row(login.username, login.password, login.role)
    screen.print(table)
    screen.print(f"\nLogs: {settings.log_dir}   DID: {demo.did}\n")


async def run_demo_calls(screen: Console, settings: Settings, secrets: Secrets, demo: Demo) -> tuple[int, str]:
    """Places the demo calls and shows what came of them: (exit code, line of JSON)."""
    from ucc.stack.demo_calls import DemoFailed, place_demo_calls

    try:
        proofs = await place_demo_calls(settings, secrets, demo, lambda line: screen.print(f"  {escape(line)}"))
    except DemoFailed as error:
        screen.print(f"[red]The demo calls failed:[/] {escape(str(error))}")
        return FAILED, json.dumps({"name": "check", "holds": False, "failure": str(error), "calls": []})
    _show_calls(screen, proofs)
    holds = all(proof.holds for proof in proofs)
    return (0 if holds else FAILED), json.dumps(_summarise(proofs, holds), ensure_ascii=False)


def _show_calls(screen: Console, proofs: list[CallProof]) -> None:
    for proof in proofs:
        costs = ", ".join(f"{charge.tenant} {charge.amount} 元" for charge in proof.charges)
        screen.print(
            f"[bold]{proof.direction}[/]: talked {proof.talk_ms / 1000:.1f} s,"
            f" recorded {proof.recording_bytes} bytes and {proof.recording_ms / 1000:.1f} s,"
            f" carrier's tone {proof.carrier_tone_s:g} s, agent's tone {proof.agent_tone_s:g} s"
        )
        screen.print(f"  cost: {escape(costs) or 'none'}")
        for problem in proof.problems:
            screen.print(f"  [red]{escape(problem)}[/]")


def _summarise(proofs: list[CallProof], holds: bool) -> dict[str, object]:
    charged = sum(charge.amount_micros for proof in proofs for charge in proof.charges)
    return {
        "name": "check",
        "holds": holds,
        "calls": [{**asdict(proof), "is_answered": proof.talk_ms > 0, "holds": proof.holds} for proof in proofs],
        "charged_micros": charged,
        "charged": format_yuan(charged),
        "is_charged_at_every_level": all(len(proof.charges) == proof.levels for proof in proofs),
        "sums_equal": all(proof.sums_equal for proof in proofs),
        "postings_sum_micros": sum(proof.postings_sum_micros for proof in proofs),
    }
