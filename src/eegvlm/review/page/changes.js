// Changes of the scoring: kept by the server first, shown afterwards.

import { base, endError, epochAtSecond, length, note, page, say } from './state.js';
import { compareAgain } from './comparison.js';
import { isLost, refuse } from './connection.js';
import { draw } from './view.js';
import { get, post } from './server.js';
import { go } from './moving.js';

// Requests wait for each other, so that each carries the revision that the one before it made. Tells whether it was kept.
export function queue(request, { clears = true, after = null } = {}) {
  const root = document.documentElement;
  root.dataset.pending = Number(root.dataset.pending ?? 0) + 1;
  page.queue = page.queue.then(async () => {
    let isKept = false;
    try {
      const before = page.state;
      take(await request());
      isKept = true;
      if (clears) endError();
      after?.(before, page.state);
    } catch (error) {
      if (!isLost()) say(error.message);
      else if (clears) { refuse(); say(error.message); }
      if (error.status) take(await get(base()).catch(() => page.state));
    }
    root.dataset.pending = Number(root.dataset.pending) - 1;
    return isKept;
  });
  return page.queue;
}

export const change = (action, fields = {}, after = null) =>
  queue(() => post(`${base()}/${action}`, { who: page.who, revision: page.state.revision, ...fields }), { after });
export const edit = (what, fields) => change('edits', { edit: { what, ...fields } });

// Undo and redo go to what they changed, and say it: it may lie hours away from where the scorer is.
export const undo = () => change('undo', {}, (before, now) => showChange('Undone', before, now));
export const redo = () => change('redo', {}, (before, now) => showChange('Redone', before, now));

// Marks of a list that another one does not hold as they are.
function absentFrom(other, marks) {
  const known = new Set(other.map((mark) => JSON.stringify(mark)));
  return marks.filter((mark) => !known.has(JSON.stringify(mark)));
}

function showChange(done, before, now) {
  const stages = now.stages.flatMap((stage, k) => (stage === before.stages[k] ? [] : [k + 1]));
  const marks = [...absentFrom(before.marks, now.marks), ...absentFrom(now.marks, before.marks)];
  const comments = Object.keys({ ...before.comments, ...now.comments }).filter((epoch) => before.comments[epoch] !== now.comments[epoch]);
  let words = '';
  if (stages.length) {
    const [first, last] = [stages[0], stages.at(-1)];
    words = last > first ? `${stages.length} epochs from ${first} to ${last}` : `epoch ${first} is ${now.stages[first - 1]}, was ${before.stages[first - 1]}`;
    go(first);
  } else if (marks.length) {
    words = `${marks[0].kind.replace('_', '-')} in epoch ${epochAtSecond(marks[0].start_s)}`;
    go(epochAtSecond(marks[0].start_s));
  } else if (comments.length) {
    words = `comment on epoch ${comments[0]}`;
    go(Number(comments[0]));
  } else if (JSON.stringify(before.lights) !== JSON.stringify(now.lights)) words = 'lights off and on';
  if (words) note(`${done}: ${words}.`);
}

// An epoch counts as seen once the scorer stays on it, at a length of page on which it can be judged: holding an arrow
// key, or looking at the whole night, reviews nothing.
const LOOKED_MS = 400;
const LONGEST_S = 120;
let resting = 0;
export function see() {
  clearTimeout(resting);
  if (isLost()) return;
  const { night, scoring, epoch } = page;
  if (page.state.signature || page.state.seen.includes(epoch) || length() > LONGEST_S) return;
  resting = setTimeout(() => {
    if (night !== page.night || scoring !== page.scoring || epoch !== page.epoch) return;
    queue(() => post(`${base()}/seen`, { who: page.who, epochs: [epoch] }), { clears: false });
  }, LOOKED_MS);
}

function take(state) {
  page.state = state;
  if (page.mark && !state.marks.some((one) => one.id === page.mark)) page.mark = null;
  compareAgain();
  draw();
}
