"""Matches the calls of a run to the nodes of its plan, and keeps the plan's ready set.

Rule 1: a call and a node match when operation, session and arguments are equal, where equal calls
        count as giving equal values (so the order of interchangeable calls never matters).
Rule 2: when equal calls have different successors, which call is which node is decided only when
        a successor is started (``_take_twin``).
Rule 3: no sets: iteration order must be the same in every interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader.engine.draws import NONCE_CHARS, canonical
from grader.engine.services import answer
from grader.exercise.model import ExpressionError
from grader.exercise.plan import Plan
from grader.values import Value, fingerprint

MAX_TWIN_TRIALS = 64


class Matcher:
    """The state of a plan during one run. Nodes and calls are given by index and id."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.values: dict[int, Value] = {}  # of finished nodes
        self.aliases: dict[str, str] = {}
        self.ready: dict[int, None] = {}  # ready, not started, in order of becoming so
        self.closing_ready: dict[int, None] = {}  # the same for the exits of contexts
        self.call_of: dict[int, int] = {}  # node -> call id, for started nodes
        self._moves: list[tuple[int, int]] = []
        self._tokens: dict[int, str] = {}  # node that enters a context -> nonce of its call
        self._first_nonce: dict[str, str] = {}
        self._key_of: dict[int, str] = {}
        self._known: dict[str, list[int]] = {}  # key -> nodes not started, arguments known
        self._listed: dict[int, None] = {}  # the nodes in _known
        self._waiting = [len(node.deps) for node in plan.nodes]
        self._data_waiting = [len(node.data_deps) for node in plan.nodes]
        self._dependents: list[list[int]] = [[] for _ in plan.nodes]
        self._by_operation: dict[str, list[int]] = {}
        for i, node in enumerate(plan.nodes):
            self._by_operation.setdefault(node.operation, []).append(i)
            for dep in node.deps:
                self._dependents[dep].append(i)
        for i in range(len(plan.nodes)):
            self._learn(i)

    # --- what the engine asks -----------------------------------------------------------------

    def key(self, operation: str, token: str, args: tuple[Value, ...]) -> str:
        """What makes two calls the same call."""
        return f"{operation}|{self.canonical(token)}|{self.canonical(fingerprint(args))}"

    def canonical(self, text: str) -> str:
        return canonical(text, self.aliases)

    def issue(self, key: str, nonce: str) -> None:
        """Note the nonce that a call of this key returns."""
        first = self._first_nonce.setdefault(key, nonce)
        if first != nonce:
            self.aliases[nonce] = first

    def start(self, key: str, operation: str, call: int, nonce: str) -> tuple[int | None, bool]:
        """The node that this call starts (None: not in the plan), and whether it is too early."""
        waiting = self._known.get(key, ())
        node = next((i for i in waiting if self._waiting[i] == 0), waiting[0] if waiting else None)
        if node is None:
            node = self._take_twin(key, operation)
            if node is None:
                return None, False
        early = self._waiting[node] > 0
        self._unlist(node, key)
        self.ready.pop(node, None)
        self.closing_ready.pop(node, None)
        self.call_of[node] = call
        self._tokens[node] = nonce
        return node, early

    def finish(self, node: int, value: Value) -> None:
        """A node's call returned: what depends on it may become known and ready."""
        self.values[node] = value
        for dependent in self._dependents[node]:
            self._waiting[dependent] -= 1
            if node in self.plan.nodes[dependent].data_deps:
                self._data_waiting[dependent] -= 1
            self._learn(dependent)

    def abandon(self, node: int) -> None:
        """A node's call was cancelled or failed: the node may be started again."""
        del self.call_of[node]
        self._tokens.pop(node, None)
        self._learn(node)

    def take_moves(self) -> list[tuple[int, int]]:
        """Calls that stand for another node since the last question, as (call, node)."""
        moves, self._moves = self._moves, []
        return moves

    def unfinished_nodes(self) -> Iterator[int]:
        nodes = self.plan.nodes
        return (i for i in range(len(nodes)) if i not in self.values and not nodes[i].closing)

    # --- inside -------------------------------------------------------------------------------

    def _learn(self, node: int) -> None:
        """Note a node whose arguments are known now, and one that is ready now."""
        if node in self.call_of or node in self.values:
            return
        if self._data_waiting[node] == 0:
            key = self._key_with(node, self.values, self._tokens)
            if key is not None and node not in self._listed:
                self._key_of[node] = key
                self._known.setdefault(key, []).append(node)
                self._listed[node] = None
        if self._waiting[node] == 0:
            ready = self.closing_ready if self.plan.nodes[node].closing else self.ready
            ready[node] = None

    def _unlist(self, node: int, key: str) -> None:
        self._known[key].remove(node)
        del self._listed[node]

    def _key_with(
        self, node: int, values: Mapping[int, Value], tokens: Mapping[int, str]
    ) -> str | None:
        facts = self.plan.nodes[node]
        try:
            args = self.plan.arguments(node, values)
        except ExpressionError:
            return None
        token = "" if facts.context is None else tokens[facts.context]
        return self.key(facts.operation, token, args)

    def _take_twin(self, key: str, operation: str) -> int | None:
        """Let a node's unfinished dependencies change places with finished equals, if it fits.

        Two ``Session.enter()`` are equal calls; which of them was for which query shows only when
        a query is started on one of them.
        """
        trials = 0
        for node in self._by_operation.get(operation, ()):
            if node in self.call_of or node in self.values or self._data_waiting[node] == 0:
                continue
            trials += 1
            if trials > MAX_TWIN_TRIALS:
                break
            pairs = self._twins_for(node)
            if pairs is None:
                continue
            values = {**self.values, **{dep: self.values[twin] for dep, twin in pairs}}
            tokens = {**self._tokens, **{dep: self._tokens[twin] for dep, twin in pairs}}
            if self._key_with(node, values, tokens) == key:
                for dep, twin in pairs:
                    self._swap(dep, twin)
                return node
        return None

    def _twins_for(self, node: int) -> list[tuple[int, int]] | None:
        pairs: list[tuple[int, int]] = []
        for dep in self.plan.nodes[node].data_deps:
            if dep in self.values:
                continue
            twin = self._finished_twin(dep, [twin for _, twin in pairs])
            if twin is None:
                return None
            pairs.append((dep, twin))
        return pairs

    def _finished_twin(self, node: int, taken: list[int]) -> int | None:
        for twin in self._by_operation[self.plan.nodes[node].operation]:
            if (
                twin in self.values
                and twin not in taken
                and self._key_of.get(twin) == self._key_of.get(node, "")
                and not any(dependent in self.call_of for dependent in self._dependents[twin])
            ):
                return twin
        return None

    def _swap(self, node: int, twin: int) -> None:
        """``twin`` is finished and ``node`` is not: from now on it is the other way round."""
        value, call, token = self.values[twin], self.call_of[twin], self._tokens[twin]
        other_call, other_token = self.call_of.get(node), self._tokens.get(node)
        self._unfinish(twin)
        if other_call is not None and other_token is not None:
            self.call_of[twin], self._tokens[twin] = other_call, other_token
            self._moves.append((other_call, twin))
        else:
            self.abandon(twin)
            self._unlist(node, self._key_of[node])
            self.ready.pop(node, None)
        self.call_of[node], self._tokens[node] = call, token
        self._moves.append((call, node))
        self.finish(node, value)

    def _unfinish(self, node: int) -> None:
        del self.values[node]
        for dependent in self._dependents[node]:
            if self._waiting[dependent] == 0:
                self.ready.pop(dependent, None)
                self.closing_ready.pop(dependent, None)
            self._waiting[dependent] += 1
            if node in self.plan.nodes[dependent].data_deps:
                if dependent in self._listed:
                    self._unlist(dependent, self._key_of.pop(dependent))
                self._data_waiting[dependent] += 1


def equal_nodes(plan: Plan) -> list[int]:
    """For each node the first node that is the same call (itself, mostly).

    Equal calls must take equally long: which of them is which shows only later. Found by playing
    the plan once with a right program's calls.
    """
    matcher, first = Matcher(plan), dict[str, int]()
    out: list[int] = []
    for i, node in enumerate(plan.nodes):
        args = plan.arguments(i, matcher.values)
        token = "" if node.context is None else f"{node.context:0{NONCE_CHARS}x}"
        key, nonce = matcher.key(node.operation, token, args), f"{i:0{NONCE_CHARS}x}"
        matcher.issue(key, nonce)
        matcher.start(key, node.operation, i, nonce)
        operation = plan.exercise.operation(node.operation)
        matcher.finish(i, answer(operation, args, nonce, 1).value)
        out.append(first.setdefault(key, i))
    return out
