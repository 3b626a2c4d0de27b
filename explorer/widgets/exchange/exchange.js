import { follow, tell } from '../shared/dom.js';

export default function mount({ element, props, trigger, watch, name }) {
  let asked = null;
  let last;

  watch('value', () => {
    const { came } = props.value || {};
    if (came === undefined) return;
    last = JSON.parse(came);
    props.value = { asked }; // an answer does not travel back with the next question
    tell(`${name}-came`, last);
  });

  follow(element, `${name}-asked`, ({ detail }) => {
    if (JSON.stringify(detail) === JSON.stringify(asked)) return;
    asked = detail;
    props.value = { asked };
    trigger('input');
  });
  follow(element, `${name}-again`, () => {
    if (last !== undefined) tell(`${name}-came`, last);
  });
}
