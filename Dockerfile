# Pin a digest beside a tag (tag@sha256:...) where builds must be the same to the byte.
FROM maven:3.9.11-eclipse-temurin-25 AS build
WORKDIR /build
COPY pom.xml ./
COPY conf conf
COPY src/main src/main
RUN mvn -B -ntp -q -Pserver package -DskipTests -Dmaven.javadoc.skip=true -Dmaven.source.skip=true

FROM eclipse-temurin:25.0.3_9-jre-noble
# PostgreSQL refuses root, and wants a name and a home of whoever runs it. Keyhook starts it with setsid, of util-linux.
RUN setsid --version && setpriv --version \
    && groupadd --gid 10001 keyhook \
    && useradd --uid 10001 --gid keyhook --create-home --shell /usr/sbin/nologin keyhook \
    && install --directory --owner keyhook --group keyhook --mode 700 /data
COPY LICENSE /opt/keyhook/
COPY --from=build /build/target/keyhook.jar /opt/keyhook/
# ./conf/keyhook.json, where it is mounted, is the configuration.
WORKDIR /opt/keyhook
# The run that fills the AOT cache needs an embedded PostgreSQL, and so a user. What it leaves is root's, as the jar is.
RUN --mount=type=bind,from=build,source=/build/conf/train-aot,target=/train-aot \
    install --directory --owner keyhook --mode 700 /tmp/aot \
    && setpriv --reuid=10001 --regid=10001 --clear-groups env HOME=/home/keyhook bash /train-aot keyhook.jar /tmp/aot/keyhook.aot \
    && install --mode 644 /tmp/aot/keyhook.aot /opt/keyhook/keyhook.aot \
    && rm -rf /tmp/aot /tmp/hsperfdata_keyhook
USER 10001:10001
ENV KEYHOOK_HTTP_HOST=0.0.0.0 KEYHOOK_DATABASE_DIRECTORY=/data/keyhook
# No VOLUME: with a PostgreSQL of your own, nothing is kept. The root file system may be read-only, with a tmpfs at /tmp.
EXPOSE 8080
# By bash alone: the image has no HTTP client.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "-c", "port=${KEYHOOK_MANAGEMENT_PORT:-0}; ((port)) || port=${KEYHOOK_HTTP_PORT:-8080}; exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
# Without a shell around it, so that SIGTERM reaches Keyhook. Without the cache, Java starts all the same, only slower.
ENTRYPOINT ["java", "-XX:AOTCache=keyhook.aot", "-jar", "keyhook.jar"]
