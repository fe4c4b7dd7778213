// Which key does what: the usual ones, and those that the scorer chose, which the server keeps as {key: action}.

const USUAL = {
  0: 'W', w: 'W', 1: 'N1', 2: 'N2', 3: 'N3', 4: 'N3', 5: 'R', r: 'R', u: '?',
  ArrowRight: 'next-epoch', ArrowLeft: 'previous-epoch', PageDown: 'next-page', PageUp: 'previous-page',
  Home: 'first-epoch', End: 'last-epoch', n: 'next-to-review', p: 'previous-to-review', f: 'next-flagged',
  d: 'next-differing', j: 'next-of-this-stage', '+': 'larger', '-': 'smaller', ']': 'longer-page', '[': 'shorter-page',
  b: 'begin-selection', a: 'mark-arousal', s: 'mark-spindle', k: 'mark-k_complex', x: 'mark-artefact', t: 'mark-text',
  m: 'model-channels', i: 'polarity', z: 'undo', y: 'redo', Escape: 'clear-selection',
  v: 'next-unscored', g: 'go-to', c: 'comment', e: 'zoom', ArrowUp: 'row-above', ArrowDown: 'row-below', Delete: 'delete-mark', Backspace: 'delete-mark',
};

export const STAGES = ['W', 'N1', 'N2', 'N3', 'R', '?'];
const ACTIONS = [...new Set(Object.values(USUAL))];
const NONE = 'none';
let own = {};

export const keys = () => ({ ...USUAL, ...own });
const WORDS = {
  '?': 'leave unscored', 'mark-k_complex': 'mark K-complex',
  'go-to': 'go to an epoch or a clock time', comment: 'comment on this epoch', zoom: 'zoom to the selection, and back', 'delete-mark': 'delete the chosen mark',
  'row-above': 'choose the row above', 'row-below': 'choose the row below', larger: 'larger: the chosen row, or all', smaller: 'smaller: the chosen row, or all',
};
const words = (action) => (WORDS[action] ?? (STAGES.includes(action) ? `score ${action}` : action.replaceAll('-', ' ')));

// Takes the scorer's own keys; returns those whose action is none of this version.
export function useKeys(chosen) {
  const known = ([, action]) => action === NONE || ACTIONS.includes(action);
  own = Object.fromEntries(Object.entries(chosen).filter(known));
  return Object.keys(chosen).filter((key) => !(key in own));
}

const isOnce = (name) => STAGES.includes(name) || name.startsWith('mark-') || ['delete-mark', 'undo', 'redo'].includes(name);

// The action of a key. AltGr types [ and ] on many keyboards and counts as Ctrl and Alt on some systems; with CapsLock
// letters come as capitals; a French keyboard has its digits on Shift.
function actionOf(event) {
  const isTyped = event.getModifierState('AltGraph') || !(event.altKey || event.ctrlKey || event.metaKey);
  if (!isTyped) return event.altKey ? null : { z: event.shiftKey ? 'redo' : 'undo', Z: 'redo', y: 'redo', s: 'save' }[event.key];
  const known = keys();
  return known[event.key] ?? known[event.key.toLowerCase()] ?? (event.shiftKey ? undefined : known[/^Digit(\d)$/.exec(event.code)?.[1]]);
}

// Calls act(name, event) for a key that does something; never while something is typed or a dialog is open.
export function listen(act) {
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]')) return;
    // a field of a dialog that has just closed keeps the focus until the page is drawn anew
    if (event.target.closest('input:not([type="checkbox"]), textarea, select') && !event.target.closest('dialog')) return;
    if (event.target.closest('button, summary') && [' ', 'Enter'].includes(event.key)) return;
    const name = actionOf(event);
    if (!name || name === NONE) return;
    event.preventDefault();
    if (event.repeat && isOnce(name)) return; // a key held down too long must not score the night
    act(name, event);
  });
}

export function describe(list) {
  list.replaceChildren();
  for (const [key, action] of Object.entries(keys())) {
    if (action === NONE) continue;
    const [term, meaning] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = key;
    meaning.textContent = words(action);
    list.append(term, meaning);
  }
}

// The settings: a field for each action, which takes the keys that are pressed in it. `save` gets {key: action}.
export function settings(dialog, save) {
  const list = dialog.querySelector('div');
  const chosen = new Map(ACTIONS.map((action) => [action, []]));
  for (const [key, action] of Object.entries(keys())) chosen.get(action)?.push(key);
  const show = () => {
    const focused = list.contains(document.activeElement) ? document.activeElement.id : '';
    list.replaceChildren(...ACTIONS.map((action) => {
      const label = document.createElement('label');
      const field = Object.assign(document.createElement('input'), { readOnly: true, id: `key-${ACTIONS.indexOf(action)}`, value: chosen.get(action).join('  ') });
      field.onkeydown = (event) => {
        if (['Tab', 'Escape', 'Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
        event.preventDefault();
        if (event.key === 'Backspace' || event.key === 'Delete') chosen.set(action, []);
        else {
          for (const [each, pressed] of chosen) chosen.set(each, pressed.filter((key) => key !== event.key)); // a key does one thing
          chosen.get(action).push(event.key);
        }
        show();
      };
      label.append(words(action), field);
      return label;
    }));
    if (focused) document.getElementById(focused).focus();
  };
  show();
  dialog.querySelector('[value="usual"]').onclick = () => {
    for (const action of ACTIONS) chosen.set(action, Object.keys(USUAL).filter((key) => USUAL[key] === action));
    show();
  };
  dialog.querySelector('[value="save"]').onclick = () => {
    const actions = Object.fromEntries([...chosen].flatMap(([action, pressed]) => pressed.map((key) => [key, action])));
    const changed = Object.fromEntries(Object.entries(actions).filter(([key, action]) => USUAL[key] !== action));
    for (const key of Object.keys(USUAL)) if (!(key in actions)) changed[key] = NONE;
    save(changed);
  };
  dialog.showModal();
}
