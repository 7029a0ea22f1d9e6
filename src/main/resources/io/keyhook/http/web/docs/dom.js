/** Creates an element. @param children elements or text; null and undefined are left out */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children.flat().filter((child) => child != null));
  return element;
}
