// What the canvas shows, in words for a screen reader. Texts are set, and read aloud, once the scorer stands still:
// paging on quickly must not fill the reader's queue. Rows and gains are read aloud only when they have changed; until
// then they stand in the description of the canvas.

import { at } from './state.js';
import { gainOf } from './drawing.js';

const STILL_MS = 700;
const MOST_KINDS = 6;
const WORDS = { W: 'Wake', R: 'REM sleep', '?': 'not scored' };
const stageWords = (stage) => WORDS[stage] ?? stage;
const listed = (parts) => parts.join(', ');

// facts: epoch, count, clock, stage, model {stage, share} or null, selected (epochs), seconds, rows, gain, events
// [{tag, row}], marks, quality [{channel, level}].
export function epochWords(facts) {
  const parts = [`Epoch ${facts.epoch} of ${facts.count}, ${facts.clock}: ${stageWords(facts.stage)}`];
  if (facts.selected > 1) parts.push(`${facts.selected} epochs selected`);
  if (facts.model) parts.push(`model: ${stageWords(facts.model.stage)}, ${Math.round(100 * facts.model.share)} %`);
  if (facts.events.length) parts.push(`measured: ${counted(facts.events)}`);
  if (facts.marks.length) parts.push(`marked: ${listed(facts.marks.map((one) => one.text || one.kind.replace('_', '-')))}`);
  if (facts.quality.length) parts.push(`signal: ${listed(facts.quality.map((one) => `${one.channel} ${one.level}`))}`);
  return `${parts.join('. ')}.`;
}

export function rowWords(facts) {
  const gains = new Map(); // rows of one gain are named together
  for (const row of facts.rows) {
    const gain = `${Number(gainOf(row, facts.gain).toPrecision(3))} ${row.unit ?? 'µV'} per 10 pixels, ${row.negative_up ? 'negative' : 'positive'} up`;
    gains.set(gain, [...(gains.get(gain) ?? []), row.name]);
  }
  if (!gains.size) return 'No channel is shown.';
  const length = facts.seconds === Infinity ? 'the whole night' : `${facts.seconds} s`;
  return `Page of ${length}. ${[...gains].map(([gain, names]) => `${listed(names)}: ${gain}`).join('. ')}.`;
}

// "spindle 2 times in C4-M1" and the like: how many of each kind, and in which rows.
function counted(events) {
  const kinds = new Map();
  for (const one of events) kinds.set(one.tag, [...(kinds.get(one.tag) ?? []), one.row]);
  const words = [...kinds].map(([tag, rows]) => `${tag}${rows.length > 1 ? ` ${rows.length} times` : ''} in ${listed([...new Set(rows)])}`);
  const more = words.length - MOST_KINDS;
  return words.slice(0, MOST_KINDS).join('; ') + (more > 0 ? `; ${more} further kinds` : '');
}

let timer = 0;
let rowsSaid = '';
export function tell(facts) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const [epoch, rows] = [epochWords(facts), rowWords(facts)];
    const words = rows === rowsSaid ? epoch : `${epoch} ${rows}`;
    if (at('spoken').dataset.epochWords === epoch && rows === rowsSaid) return;
    at('spoken').dataset.epochWords = epoch;
    at('spoken').textContent = words;
    at('spoken-rows').textContent = rows;
    rowsSaid = rows;
  }, STILL_MS);
}
