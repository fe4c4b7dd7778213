// Keeps the keys with the signals: a control that was used with the pointer gives the focus back, so that the next key
// scores. Whoever walks through the controls by the keyboard keeps the focus where it is.

let isByPointer = false;

const isOfPage = (control) => control && !control.closest('dialog');

export function returnFocus() {
  document.addEventListener('pointerdown', () => { isByPointer = true; }, true);
  document.addEventListener('keydown', (event) => {
    isByPointer = false;
    const field = event.target.closest('input, textarea');
    if (!isOfPage(field) || field.type === 'checkbox') return;
    if (event.key === 'Escape' && 'before' in field.dataset) field.value = field.dataset.before;
    // Enter takes what was typed (the browser tells of the change), Escape what was there before
    if (event.key === 'Escape' || (event.key === 'Enter' && field.matches('input'))) field.blur();
  }, true);
  document.addEventListener('focusin', (event) => { if (event.target.matches('input, textarea')) event.target.dataset.before = event.target.value; });
  document.addEventListener('change', (event) => {
    if (isByPointer && isOfPage(event.target) && event.target.matches('select, [type="checkbox"], [type="color"]')) event.target.blur();
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button, summary');
    if (isByPointer && isOfPage(button)) button.blur();
  });
}
