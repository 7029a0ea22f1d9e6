/**
 * Messages for services that do not read Keyhook's own payload, such as Slack: templates, the values that they show, and the JSON around
 * them. {@code Messages} renders, and {@code Template} says what is wrong with a template.
 */
package io.keyhook.format;
