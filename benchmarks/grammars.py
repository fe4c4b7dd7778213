"""The grammar of rationales as we walk it, beside llguidance and XGrammar: masks, time a step, time to start.

    python benchmarks/grammars.py                                # the packaged model's tokenizer
    python benchmarks/grammars.py --tiktoken FILE                # a tokenizer of 151,643 tokens, Qwen's

Needs ``pip install llguidance xgrammar``. Both libraries get the grammar as :func:`eegvlm.reasoning.gbnf` writes it.
The rationales are composed from simulated nights. At every token of each, three things are compared: the tokens that
may come next, the time to know them, and the time to take the next one. A mask of a library is larger where the text
can be cut in other ways than the tokenizer's own; every token of it is then tried on the grammar's characters. Times
are those of one thread: every rationale is walked twice, the first walk is summed up, the second one counted by step.
``--grounded`` compares grammars of single epochs, each made anew; there the characters are not tried.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import llguidance
import llguidance.hf
import numpy as np
import xgrammar

from eegvlm.evidence import measure_recording
from eegvlm.hypnogram import Stage
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import EegVlmProcessor
from eegvlm.model.weights import checkpoint_path
from eegvlm.reasoning import Acceptor, acceptor, channel_words, compose, gbnf, grounded, grounded_gbnf, night_contexts
from eegvlm.scoring import Context, Finding
from eegvlm.staging.token_grammar import TokenGrammar, TokenizedWords

_END = "<|endoftext|>"


@dataclass(frozen=True)
class ComposedEpoch:
    """An epoch, what is known of it, and a rationale of it."""

    findings: Sequence[Finding]
    context: Context
    stage: Stage
    text: str


class Walk(Protocol):
    """A grammar that is walked token by token."""

    def permitted(self) -> set[int]:
        """Return what may come next; called outside of the timing."""

    def mask(self) -> object:
        """Know what may come next, in the form in which it would be put on logits."""

    def take(self, token: int) -> None:
        """Go on by a token."""


class OurWalk:
    """Nodes of :class:`TokenGrammar`; the mask is a list of token ids, as decoding gathers their logits."""

    def __init__(self, grammar: TokenGrammar) -> None:
        self._grammar, self._node = grammar, grammar.start

    def permitted(self) -> set[int]:
        """Return the tokens."""
        return set(self._grammar.following(self._node))

    def mask(self) -> object:
        """Return the tokens."""
        return list(self._grammar.following(self._node))

    def take(self, token: int) -> None:
        """Go on."""
        self._node = self._grammar.following(self._node)[token]


class LlguidanceWalk:
    """A matcher of llguidance; the mask is a bit a token."""

    def __init__(self, tokenizer: Any, grammar: str) -> None:
        self._matcher = llguidance.LLMatcher(tokenizer, llguidance.grammar_from("gbnf", grammar))
        if self._matcher.is_error():
            raise SystemExit(self._matcher.get_error())

    def permitted(self) -> set[int]:
        """Return the tokens."""
        return _bits(np.frombuffer(self._matcher.compute_bitmask(), np.uint32))

    def mask(self) -> object:
        """Return the bits."""
        return self._matcher.compute_bitmask()

    def take(self, token: int) -> None:
        """Go on."""
        if not self._matcher.consume_token(token):
            raise SystemExit(f"llguidance refuses token {token}: {self._matcher.get_error()}")


class XGrammarWalk:
    """A matcher of XGrammar; the mask is a bit a token."""

    def __init__(self, compiled: Any, size: int) -> None:
        self._matcher = xgrammar.GrammarMatcher(compiled)
        self._bits = xgrammar.allocate_token_bitmask(1, size)

    def permitted(self) -> set[int]:
        """Return the tokens."""
        self.mask()
        return _bits(self._bits.numpy()[0].view(np.uint32))

    def mask(self) -> object:
        """Fill the bits."""
        self._matcher.fill_next_token_bitmask(self._bits)
        return self._bits

    def take(self, token: int) -> None:
        """Go on."""
        if not self._matcher.accept_token(token):
            raise SystemExit(f"XGrammar refuses token {token}")


def _bits(words: np.ndarray) -> set[int]:
    return set(np.flatnonzero(np.unpackbits(words.view(np.uint8), bitorder="little")).tolist())


@dataclass
class Comparison:
    """What was counted and timed, by system."""

    equal: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lacking: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    masking: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    taking: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    starting: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    prefixes: int = 0


def _composed_epochs(count: int) -> Iterator[ComposedEpoch]:
    for seed in range(1, 100):
        simulated = simulate_night(hours=1, seed=seed)
        recording = simulated.recording()
        evidence = measure_recording(recording)
        words = channel_words({channel.role: channel.name for channel in recording.channels})
        contexts = night_contexts(evidence, words, simulated.stages)
        for epoch, code in enumerate(simulated.stages):
            findings, context, stage = evidence.findings[epoch], contexts[epoch], Stage(int(code))
            yield ComposedEpoch(findings, context, stage, compose(findings, context, stage).text)
            count -= 1
            if not count:
                return


def _tokenizer(tiktoken: str | None) -> tuple[Any, list[int]]:
    """Return a tokenizer, and its tokens of the five labels where it has them."""
    if tiktoken is None:
        processor = EegVlmProcessor.from_pretrained(checkpoint_path("nano"))
        return processor.tokenizer, list(processor.tokenizer.convert_tokens_to_ids(["W", "N1", "N2", "N3", "R"]))
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import TikTokenConverter

    converted = TikTokenConverter(tiktoken, extra_special_tokens=[_END]).converted()
    return PreTrainedTokenizerFast(tokenizer_object=converted, eos_token=_END), []


def _timed(into: list[float], call: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    result = call()
    into.append(time.perf_counter() - start)
    return result


def _spaced(grammar: str) -> str:
    """Return the grammar of a text with a space before it, as it stands behind a prompt."""
    return grammar.replace("root ::= ", 'root ::= " " ', 1)


def _accepts(machine: Acceptor, written: str, more: str) -> bool:
    """Tell whether the grammar goes on with a token's text; of a character's first byte, with any such character."""
    text = f"{written}{more}"
    if not text.startswith(" "):
        return False
    whole = text.rstrip("\ufffd")
    state = machine.advance(machine.start, whole[1:])
    return state is not None and (whole == text or any(not char.isascii() for char in machine.next(state)))


def _compare(
    walks: dict[str, Callable[[], Walk]],
    tokens: Sequence[int],
    decoded: Callable[[Sequence[int]], str],
    machine: Acceptor | None,
    result: Comparison,
) -> None:
    """Walk a rationale twice with every system: masks are compared in the first walk, the second is timed by step."""
    first = {name: make() for name, make in walks.items()}
    for place, token in enumerate(tokens):
        permitted = {}
        for name, walk in first.items():
            _timed(result.first[name], walk.mask)
            permitted[name] = walk.permitted()
            result.sizes[name].append(len(permitted[name]))
            _timed(result.first[name], lambda walk=walk, token=token: walk.take(token))  # type: ignore[misc]
        result.prefixes += 1
        written = decoded(tokens[:place])
        for name, others in permitted.items():
            result.equal[name] += others == permitted["ours"]
            result.lacking[name] += not permitted["ours"] <= others
            if machine is not None and "\ufffd" not in written:
                result.refused[name] += sum(not _accepts(machine, written, decoded([each])) for each in others)
    for name, make in walks.items():
        walk = make()
        for token in tokens:
            _timed(result.masking[name], walk.mask)
            _timed(result.taking[name], lambda walk=walk, token=token: walk.take(token))  # type: ignore[misc]


def _memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print how often masks are equal, and the times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tiktoken", help="a file of tokens and ranks")
    parser.add_argument("--rationales", type=int, default=200)
    parser.add_argument("--grounded", action="store_true", help="the grammar of each epoch")
    options = parser.parse_args()
    epochs = list(_composed_epochs(options.rationales))
    tokenizer, labels = _tokenizer(options.tiktoken)
    size = len(tokenizer)
    cuts = TokenizedWords(tokenizer, labels)
    result = Comparison()
    ll_tokenizer = _timed(result.starting["llguidance, tokenizer"], lambda: llguidance.hf.from_tokenizer(tokenizer))
    compiler = _timed(
        result.starting["XGrammar, tokenizer"],
        lambda: xgrammar.GrammarCompiler(
            xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=size), max_threads=1
        ),
    )
    words = epochs[0].context.words
    text = _timed(result.starting["our text for both"], lambda: _spaced(gbnf(words)))
    grammar = TokenGrammar(acceptor(words), cuts)

    def decoded(tokens: Sequence[int]) -> str:
        return str(tokenizer.decode(tokens))

    for epoch in epochs:
        if options.grounded:
            text = _spaced(grounded_gbnf(epoch.findings, epoch.context))
            make_ours = lambda epoch=epoch: TokenGrammar(grounded(epoch.findings, epoch.context), cuts)  # noqa: E731
            grammar = _timed(result.starting["ours"], make_ours)
        if options.grounded or epoch is epochs[0]:
            ll = lambda text=text: LlguidanceWalk(ll_tokenizer, text)  # noqa: E731
            _timed(result.starting["llguidance"], lambda ll=ll: ll().mask())
            before = _memory_mib()
            compiled = _timed(
                result.starting["XGrammar"],
                lambda text=text: compiler.compile_grammar(xgrammar.Grammar.from_ebnf(text)),
            )
        walks: dict[str, Callable[[], Walk]] = {
            "ours": lambda grammar=grammar: OurWalk(grammar),
            "llguidance": ll,
            "XGrammar": lambda compiled=compiled: XGrammarWalk(compiled, size),
        }
        tokens = [token for word in epoch.text.split(" ") for token in cuts.of(word)]
        _compare(walks, tokens, decoded, None if options.grounded else acceptor(words), result)
    print(f"{size:,} tokens; {len(epochs)} rationales, {result.prefixes:,} prefixes")
    for name in walks:
        masks, takes = np.array(result.masking[name]) * 1e6, np.array(result.taking[name]) * 1e6
        sizes = np.array(result.sizes[name])
        print(
            f"{name}: mask equal to ours {result.equal[name]:,}, lacks one of ours {result.lacking[name]:,}, "
            f"tokens that lead out of the grammar {result.refused[name]:,}; "
            f"permitted {np.mean(sizes):.1f}, a choice at {np.mean(sizes > 1):.0%}; "
            f"first walks {sum(result.first[name]):.2f} s; "
            f"mask {np.median(masks):.1f} us (mean {masks.mean():.1f}, most {masks.max():.0f}), "
            f"taking a token {np.median(takes):.1f} us"
        )
    for name, times in result.starting.items():
        print(f"start, {name}: {np.median(times) * 1e3:.1f} ms (first {times[0] * 1e3:.1f})")
    print(f"text of the grammar {len(text.encode()):,} bytes; peak memory {before:.0f}, then {_memory_mib():.0f} MiB")


if __name__ == "__main__":
    main()
