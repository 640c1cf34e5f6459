"""A failed item to the named misconception, the line, the next step: the first rule that fits."""

from __future__ import annotations

from grader.advice import early, results, serial
from grader.advice.facts import Advice, Facts, Rule

_RULES_OF_CHECK: dict[str, tuple[Rule, ...]] = {
    "result": (*early.RULES, *results.RULES),
    "calls": early.RULES,
    "concurrency": (*early.RULES, *serial.RULES),
    "makespan": serial.RULES,
    "clean": early.RULES,
    "references": (),
}

_PLAIN_HINTS = {
    "result": "compare what your function returns with what is asked",
    "calls": "call each service exactly as often as its result is needed",
    "concurrency": "look at the two timelines: which bar could begin earlier?",
    "makespan": "look at the two timelines: which bar could begin earlier?",
    "clean": "await, close or cancel everything that you start",
    "references": "keep each task in a variable until it is done: `task = asyncio.create_task(…)`",
}

_HINTS_OF_KIND = {
    "blocked": "use `await asyncio.sleep(…)` instead of a blocking call",
    "context_open": "use `async with …:`, which leaves the context by itself",
    "task_left": "await every task before you return",
    "call_left": "await every call before you return",
    "deadlock": "look for an await that nothing will ever wake",
    "livelock": "await what you wait for instead of looking again and again",
    "refused": "look at how the exercise says the service is to be used",
    "lost_exception": "await each task: that is where its error reaches you",
    "state_kept": "keep what you need in local variables of the function",
}


def advise(facts: Facts) -> Advice:
    """The best advice on a failed item; plain words when no misconception is recognised."""
    for rule in _RULES_OF_CHECK[facts.item.check]:
        advice = rule(facts)
        if advice is not None:
            return advice
    plain = _HINTS_OF_KIND.get(facts.judgement.kind) or _PLAIN_HINTS[facts.item.check]
    return Advice("", "", plain, facts.judgement.line)
