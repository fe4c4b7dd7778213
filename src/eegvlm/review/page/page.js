// The page begins here: buttons and fields get what they do. Everything that is kept is kept by the server first.

import { askWho, open, showNights, showScoring, start } from './opening.js';
import { at, base, LENGTHS, page, say } from './state.js';
import { change, edit } from './changes.js';
import { describe as describeKeys, settings, useKeys } from './keys.js';
import { draw } from './view.js';
import { element } from './panels.js';
import { followNavigator, followTraces, select, setLights } from './hands.js';
import { get, post, put } from './server.js';
import { load } from './signal_pages.js';
import { resize } from './moving.js';
import { showMontage } from './montage.js';

function takeKeys(chosen) {
  const unknown = useKeys(chosen);
  if (unknown.length) say(`Keys of a later version are not used: ${unknown.join(', ')}`);
  describeKeys(document.querySelector('#help dl'));
}

function bind() {
  at('page-length').append(...LENGTHS.map((one) => new Option(one === Infinity ? 'whole night' : `${one} s`, String(one), one === 30, one === 30)));
  at('page-length').onchange = () => { page.seconds = Number(at('page-length').value); resize(0); };
  at('undo').onclick = () => change('undo');
  at('redo').onclick = () => change('redo');
  at('start').onclick = start;
  at('begin').querySelector('form').onsubmit = (event) => { event.preventDefault(); start(); };
  at('nights').onclick = showNights;
  at('close').onclick = async () => {
    await page.queue;
    await post('/api/close').catch(() => null);
    document.body.replaceChildren(element('p', 'Closed. Everything is kept; this window can be closed.'));
  };
  at('comment').onchange = () => edit('comment', { epoch: page.epoch, text: at('comment').value });
  at('lights-off').onclick = () => setLights('off_s', 30 * (page.epoch - 1));
  at('lights-on').onclick = () => setLights('on_s', 30 * (page.epoch - 1));
  at('sign').onclick = () => change('sign', { statement: at('statement').value });
  at('reopen').onclick = () => change('reopen', { reason: at('reason').value });
  at('finish').onclick = () => change('finish').then(showScoring);
  at('scorings').onchange = () => { at('name').value = at('scorings').value || 'second'; askWho(); };
  at('readings').onchange = async () => {
    const name = at('readings').value;
    try { page.compared = name ? await get(`${base()}/compare/${encodeURIComponent(name)}`) : null; } catch (error) { say(error.message); }
    draw();
  };
  at('consensus').onclick = async () => {
    try {
      const { scorings } = await get(`/api/nights/${page.night}`);
      const of = scorings.filter((one) => !one.blind && one.name !== 'consensus').map((one) => one.name);
      page.state = await post(`/api/nights/${page.night}/scorings`, { name: 'consensus', who: page.who, basis: 'consensus', of });
      page.scoring = 'consensus';
      await showScoring();
    } catch (error) { say(error.message); }
  };
  at('point').onclick = async () => {
    try {
      page.info = await post(`/api/nights/${page.night}/recording`, { path: at('place').value });
      page.rows = page.info.montage;
      showMontage(page.rows, page.info.signals, load);
      at('lost').close();
      if (page.state) load();
    } catch (error) { at('lost-error').textContent = error.message; }
  };
  at('derive').onclick = () => {
    page.rows.push({ ...page.rows[0], name: `${at('plus').value}-${at('minus').value}`, plus: at('plus').value, minus: [at('minus').value], colour: '', hidden: false });
    showMontage(page.rows, page.info.signals, load);
    load();
  };
  at('save-montage').onclick = () => put(`/api/nights/${page.night}/montage`, { rows: page.rows }).then(() => say('The montage is kept.'), (error) => say(error.message));
  at('reset-montage').onclick = () => { page.rows = structuredClone(page.info.default_montage); showMontage(page.rows, page.info.signals, load); load(); };
  at('stretch').querySelector('form').onsubmit = () => {
    const from = Number(at('stretch-start').value);
    select(from, from + Math.max(0.1, Number(at('stretch-length').value)), at('stretch-row').value);
  };
  at('change-keys').onclick = () => settings(at('keys'), async (chosen) => {
    try {
      takeKeys((await put('/api/keys', { keys: chosen })).keys);
      at('keys').close();
    } catch (error) { at('keys-error').textContent = error.message; }
  });
  followTraces();
  followNavigator();
  new ResizeObserver(() => { if (page.state) { draw(); load(); } }).observe(at('traces'));
}

bind();
takeKeys({});
get('/api/keys').then(({ keys }) => takeKeys(keys), (error) => say(error.message));
get('/api/nights').then(({ nights, statement }) => {
  at('statement').value = statement;
  return nights.length === 1 ? open(0) : showNights();
}).catch((error) => say(error.message));
