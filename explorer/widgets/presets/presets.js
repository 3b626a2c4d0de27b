import { attributed, button, finder, follow, node, put, tell } from '../shared/dom.js';
import { listKeys } from '../shared/keys.js';

export default function mount({ element, props, trigger, choices, label }) {
  const find = finder(element);
  const bar = find('choices');
  let at = 0; // the one tab stop

  const stopAt = (place) => {
    at = place;
    keys.forEach((key, index) => { key.tabIndex = index === at ? 0 : -1; });
  };
  const keys = choices.map(([name, text], place) =>
    button('preset', name, () => {
      stopAt(place);
      props.value = { text };
      trigger('pick');
    }),
  );
  bar.replaceChildren(node('span', 'label', label), ...keys);
  attributed(bar, { 'aria-label': label });
  listKeys(bar, {
    at: () => at,
    count: () => keys.length,
    go: (place) => {
      stopAt(place);
      keys[place].focus();
    },
  });
  stopAt(0);

  // What stands above the tabs decides which is lit, whoever wrote it there.
  follow(element, 'cursor-moved', ({ detail }) => {
    const text = detail.run ? JSON.parse(detail.run).text : '';
    const now = choices.findIndex(([, one]) => one === text);
    keys.forEach((key, place) => key.setAttribute('aria-pressed', String(place === now)));
    put(find('note'), now < 0 ? '' : choices[now][2]);
  });
  tell('cursor-asked');
}
