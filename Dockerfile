FROM maven:3.8-eclipse-temurin-17 AS build
WORKDIR /build
COPY pom.xml ./
COPY conf conf
COPY src/main src/main
RUN mvn -B -ntp -q -Pserver package -DskipTests

FROM eclipse-temurin:17-jre
# PostgreSQL refuses root, and wants a name and a home of whoever runs it. Keyhook starts it with setsid, of util-linux.
RUN setsid --version \
    && groupadd --gid 10001 keyhook \
    && useradd --uid 10001 --gid keyhook --create-home --shell /usr/sbin/nologin keyhook \
    && install --directory --owner keyhook --group keyhook --mode 700 /data
COPY LICENSE /opt/keyhook/
COPY --from=build /build/target/keyhook.jar /opt/keyhook/
# ./conf/keyhook.json, where it is mounted, is the configuration.
WORKDIR /opt/keyhook
USER keyhook
ENV KEYHOOK_HTTP_HOST=0.0.0.0 KEYHOOK_DATABASE_DIRECTORY=/data/keyhook
VOLUME /data
EXPOSE 8080
# By bash alone: the image has no HTTP client.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "-c", "port=${KEYHOOK_MANAGEMENT_PORT:-0}; ((port)) || port=${KEYHOOK_HTTP_PORT:-8080}; exec 3<>/dev/tcp/127.0.0.1/$port && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
# Without a shell around it, so that SIGTERM reaches Keyhook.
ENTRYPOINT ["java", "-jar", "keyhook.jar"]
