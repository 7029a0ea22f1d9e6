package io.keyhook.format;

/**
 * The body of a delivery as it is sent.
 *
 * @param contentType null: JSON, as every delivery has it
 */
public record MessageBody(String contentType, String text) {}
