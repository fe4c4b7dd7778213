// What the scorer noted, at the side of the page: marks, comments, lights. Each line leads to its place.

import { body, element, number } from './panels.js';
import { at, epochAtSecond, length, page } from './state.js';
import { kindWords } from './marks.js';

const MOST_LINES = 30; // of marks elsewhere; a night may hold hundreds

// Those of this page in full, the others counted and folded away.
export function showMarks(state, page, { clock, go, remove }) {
  const sorted = [...state.marks].sort((a, b) => a.start_s - b.start_s);
  const isHere = (one) => one.stop_s >= page.start && one.start_s <= page.start + length();
  const line = (mark) => {
    const words = [kindWords(mark.kind), `epoch ${epochAtSecond(mark.start_s)}`, clock(mark.start_s), `${number(mark.stop_s - mark.start_s)} s`, mark.channel, mark.text];
    const item = element('li');
    item.append(element('button', words.filter(Boolean).join(', '), { type: 'button', className: 'link', title: 'Go to this mark', onclick: () => go(mark) }));
    if (!state.signature) item.append(' ', element('button', 'Remove', { type: 'button', ariaLabel: `Remove ${kindWords(mark.kind)} at ${clock(mark.start_s)}`, onclick: () => remove(mark.id) }));
    return item;
  };
  const list = element('ul');
  list.append(...sorted.filter(isHere).map(line));
  const parts = [list];
  const elsewhere = sorted.filter((one) => !isHere(one));
  if (elsewhere.length) {
    const wasOpen = document.querySelector('#marks details')?.open ?? false;
    const folded = element('details', '', { open: wasOpen });
    const rest = element('ul');
    rest.append(...elsewhere.slice(0, MOST_LINES).map(line));
    if (elsewhere.length > MOST_LINES) rest.append(element('li', `and ${elsewhere.length - MOST_LINES} later ones`));
    folded.append(element('summary', `On other pages: ${countsOf(elsewhere)}`), rest);
    parts.push(folded);
  }
  body('marks').replaceChildren(...parts);
}

// "12 arousals, 3 K-complexes"
function countsOf(marks) {
  const counts = new Map();
  for (const { kind } of marks) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => `${n} ${kindWords(kind)}${n === 1 ? '' : kind === 'k_complex' ? 'es' : 's'}`).join(', ');
}

// Whether the field holds what the server has not been given.
export const isCommentNew = () => Boolean(at('comment').dataset.epoch) && at('comment').value.trim() !== (page.state?.comments[at('comment').dataset.epoch] ?? '');

export function showComments(state, { clock, go }) {
  at('comments').replaceChildren(...Object.entries(state.comments).map(([epoch, text]) => {
    const item = element('li');
    item.append(element('button', `epoch ${epoch}, ${clock(30 * (epoch - 1))}: ${text}`, { type: 'button', className: 'link', title: 'Go to this epoch', onclick: () => go(Number(epoch)) }));
    return item;
  }));
}

export function showLights(state, { clock, clear }) {
  const { off_s: off = null, on_s: on = null } = state.lights ?? {};
  const words = (seconds) => (seconds === null ? 'not set' : clock(seconds));
  at('lights').replaceChildren(`Lights off ${words(off)}, on ${words(on)} `);
  if (state.lights && !state.signature) at('lights').append(element('button', 'Remove', { type: 'button', ariaLabel: 'Remove lights off and on', onclick: clear }));
}
