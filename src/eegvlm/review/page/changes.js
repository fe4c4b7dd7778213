// Changes of the scoring: kept by the server first, shown afterwards.

import { base, page, say } from './state.js';
import { draw } from './view.js';
import { get, post } from './server.js';

// Requests wait for each other, so that each carries the revision that the one before it made.
export function queue(request, { clears = true } = {}) {
  const root = document.documentElement;
  root.dataset.pending = Number(root.dataset.pending ?? 0) + 1;
  page.queue = page.queue.then(async () => {
    try {
      take(await request());
      if (clears) say('');
    } catch (error) {
      say(error.message);
      if (error.status) take(await get(base()).catch(() => page.state));
    }
    root.dataset.pending = Number(root.dataset.pending) - 1;
  });
  return page.queue;
}

export const change = (action, fields = {}) =>
  queue(() => post(`${base()}/${action}`, { who: page.who, revision: page.state.revision, ...fields }));
export const edit = (what, fields) => change('edits', { edit: { what, ...fields } });

export function see() {
  const epoch = page.epoch;
  if (page.state.signature || page.state.seen.includes(epoch)) return;
  queue(() => post(`${base()}/seen`, { who: page.who, epochs: [epoch] }), { clears: false });
}

function take(state) {
  page.state = state;
  draw();
}
