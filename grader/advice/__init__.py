"""A failed item to the named misconception, the line, the next step: the first rule that fits."""

from __future__ import annotations

from grader.advice import contexts, early, misuse, results, serial, sleeping
from grader.advice.errors import next_step
from grader.advice.facts import Advice, Facts, Rule
from grader.engine.trace import Ending

_CAUSES: tuple[Rule, ...] = (
    *misuse.RULES,
    *contexts.RULES,
    sleeping.result_before_done,
    *early.RULES,
)
_WAITING: tuple[Rule, ...] = (*sleeping.RULES, *serial.RULES)
_RULES_OF_CHECK: dict[str, tuple[Rule, ...]] = {
    "result": (*_CAUSES, *sleeping.RULES, *results.RULES),
    "calls": (*_CAUSES, *sleeping.RULES),
    "concurrency": (*_CAUSES, *_WAITING),
    "makespan": (*_CAUSES, *_WAITING),
    "clean": (*_CAUSES, *sleeping.RULES),
    "references": (),
}

_NOT_WAITING = (
    "fast",
    "extra",
    "refused",
    "early",
    "missing",
    "unfinished",
)  # no call waited without need

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
    "destroyed": _PLAIN_HINTS["references"],
    "task_left": "await every task before you return",
    "call_left": "await every call before you return",
    "refused": "look at how the exercise says the service is to be used",
    "lost_exception": "await each task: that is where its error reaches you",
    "state_kept": "keep what you need in local variables of the function",
    "fast": "a call is missing, or did not wait for what it needs: put that right first",
    "early": "await what this call needs before you start it",
    "unfinished": "await every call before you return",
}

_HINTS_OF_ENDING = {
    Ending.DEADLOCK: "look for an await that nothing will ever wake",
    Ending.LIVELOCK: "await what you wait for instead of looking again and again",
    Ending.VIRTUAL_TIME_LIMIT: "look for a loop or a sleep that never ends",
    Ending.CPU_LIMIT: "look for a loop that never ends",
    Ending.WALL_LIMIT: "look for a loop that never ends, or for a call that blocks",
    Ending.MEMORY_LIMIT: "look for a list that grows without an end",
    Ending.OUTPUT_LIMIT: "look for a print in a loop that never ends",
    Ending.CANCELLED: "let your function return: nothing has to be cancelled here",
}


def advise(facts: Facts) -> Advice:
    """The best advice on a failed item; plain words when no misconception is recognised."""
    rules = _RULES_OF_CHECK[facts.item.check]
    if facts.kind in _NOT_WAITING:
        rules = tuple(rule for rule in rules if rule not in serial.RULES)
    for rule in rules:
        advice = rule(facts)
        if advice is not None:
            return advice
    hint = _HINTS_OF_KIND.get(facts.kind) or _HINTS_OF_ENDING.get(facts.run.ending)
    error = facts.run.error if facts.run.ending is Ending.RAISED else None
    if error is not None and facts.kind != "destroyed":
        hint = next_step(error, facts.evidence.exercise)
    return Advice("", "", hint or _PLAIN_HINTS[facts.item.check], facts.judgement.line)
