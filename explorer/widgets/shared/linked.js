// A setting that a widget keeps in the browser and a link holds: told when a person changes it, taken over when a link brings it.
import { follow, tell } from './dom.js';

// restore(value): what the link says of `name`, `usual` where it says nothing. Returns what is to be called with each new value.
export function linked(element, name, usual, restore) {
  follow(element, 'link-restored', ({ detail }) => restore(name in detail ? detail[name] : usual));
  tell('settings-asked'); // what a link brought before this widget was here
  return (value) => tell('link-setting', { [name]: value === usual ? null : value });
}
