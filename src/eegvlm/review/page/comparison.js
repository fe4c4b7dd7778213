// Another reading beside this scoring: what it gives each epoch, where they differ, how far they agree.

import { at, base, page, say } from './state.js';
import { body, element, number } from './panels.js';
import { draw } from './view.js';
import { get } from './server.js';

export async function compareWith(name) {
  try { page.compared = name ? { name, ...await get(`${base()}/compare/${encodeURIComponent(name)}`) } : null; } catch (error) { say(error.message); }
  draw();
}

// After an edit: the epochs at once, the figures when the server has counted again.
export function compareAgain() {
  const { compared, state } = page;
  if (!compared || compared.revision === state.revision) return;
  compared.revision = state.revision;
  compared.differing = compared.stages.flatMap((stage, k) => (stage !== state.stages[k] && stage !== '?' && state.stages[k] !== '?' ? [k + 1] : []));
  get(`${base()}/compare/${encodeURIComponent(compared.name)}`).then((counted) => {
    if (page.compared !== compared || compared.revision !== page.state.revision) return;
    Object.assign(compared, counted);
    showComparison();
  }, (error) => { if (error.status) say(error.message); });
}

export const otherStage = (epoch) => page.compared?.stages[epoch - 1] ?? null;

export function showComparison() {
  const { compared, epoch } = page;
  if (!compared) { body('compare').replaceChildren(); return; }
  const figures = compared.agreement;
  const words = figures
    ? `${(100 * figures.accuracy).toFixed(1)} % of ${figures.n_compared} epochs agree, kappa ${number(figures.kappa, 2)}; ${compared.differing.length} differ (key d)`
    : 'No epoch is scored by both.';
  const here = element('p', `Epoch ${epoch}, ${compared.name}: ${otherStage(epoch)}`, { className: compared.differing.includes(epoch) ? 'open' : '' });
  body('compare').replaceChildren(here, element('p', words));
}
