// Lines of Python with a button that copies them.
import { attributed, button, node, put } from './dom.js';

// text: the lines. copy: what the button says; copied, not: what is said afterwards; label: what a screen reader calls the lines.
export function snippet(text, { copy, copied, not, label }) {
  const told = attributed(node('span', 'copied'), { role: 'status' });
  const key = button('act copy', copy, async () => {
    try {
      await navigator.clipboard.writeText(text);
      put(told, copied);
    } catch {
      put(told, not);
    }
  });
  return [node('p', '', key, told), attributed(node('pre', 'snippet', text), { tabindex: 0, 'aria-label': label })];
}
