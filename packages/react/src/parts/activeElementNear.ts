/** The focused element, even inside a shadow root, which hides it from the document. */
export const activeElementNear = (element: Element): Element | null =>
  (element.getRootNode() as Document | ShadowRoot).activeElement
