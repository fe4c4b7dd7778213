// Which key does what. A scorer's own choice is kept in this browser under "eegvlm-keys": {"j": "next-epoch"}.

const USUAL = {
  0: 'W', w: 'W', 1: 'N1', 2: 'N2', 3: 'N3', 4: 'N3', 5: 'R', r: 'R', u: '?',
  ArrowRight: 'next-epoch', ArrowLeft: 'previous-epoch', PageDown: 'next-page', PageUp: 'previous-page',
  Home: 'first-epoch', End: 'last-epoch', n: 'next-to-review', p: 'previous-to-review', f: 'next-flagged',
  d: 'next-differing', j: 'next-of-this-stage', '+': 'larger', '-': 'smaller', ']': 'longer-page', '[': 'shorter-page',
  a: 'mark-arousal', s: 'mark-spindle', k: 'mark-k_complex', x: 'mark-artefact', t: 'mark-text',
  m: 'model-channels', i: 'polarity', z: 'undo', y: 'redo', Escape: 'clear-selection',
};

let own = {};
try { own = JSON.parse(localStorage.getItem('eegvlm-keys') || '{}'); } catch { own = {}; }
export const KEYS = { ...USUAL, ...own };
export const STAGES = ['W', 'N1', 'N2', 'N3', 'R', '?'];

// Calls act(name, event) for a key that does something; never while something is typed or a dialog is open.
export function listen(act) {
  document.addEventListener('keydown', (event) => {
    if (event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.closest('input:not([type="checkbox"]), textarea, select')) return;
    const name = event.ctrlKey || event.metaKey
      ? { z: event.shiftKey ? 'redo' : 'undo', Z: 'redo', y: 'redo' }[event.key]
      : KEYS[event.key];
    if (!name) return;
    event.preventDefault();
    act(name, event);
  });
}

export function describe(list) {
  list.replaceChildren();
  for (const [key, name] of Object.entries(KEYS)) {
    const [term, words] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    words.textContent = STAGES.includes(name) ? `score ${name}` : name.replaceAll('-', ' ').replace('_', '-');
    list.append(term, words);
  }
}
