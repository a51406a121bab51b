/** Puts a library's style sheet into the page. */
export function style(text) {
  const sheet = document.createElement('style');
  sheet.textContent = text;
  document.head.append(sheet);
}

/** Puts this in place of what stood there, and gives its first element. */
export function html(root, text) {
  root.innerHTML = text;
  return root.firstElementChild;
}

export const find = (selector) => document.querySelector(selector);

/** Calls `act` on each click on the element. */
export const press = (selector, act) => find(selector).addEventListener('click', act);
