package dataingestion.connect;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.security.Principal;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refuses the changes of users who may only read, and writes down each change and each request that was refused.
 *
 * <p>A line has user, address, method, path and status, never a body: a connector's configuration stands there. A path is written as it
 * was sent, with its escapes, so that none can end the line.
 */
final class RestTrail implements ContainerRequestFilter, ContainerResponseFilter {
  private static final Logger TRAIL = LoggerFactory.getLogger("dataingestion.trail");
  // The login of the monitoring.
  private static final String READER = "reader";
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
  private static final int LONGEST = 300;

  // A proxy: each request has its own.
  @Context private HttpServletRequest sent;

  @Override
  public void filter(ContainerRequestContext request) {
    String user = user(request);
    if (READER.equals(user) && !reads(request)) {
      String message = "the user " + user + " may only read; " + request.getMethod() + " is for the operator";
      Map<String, Object> body = Map.of("error_code", Response.Status.FORBIDDEN.getStatusCode(), "message", message);
      request.abortWith(Response.status(Response.Status.FORBIDDEN).type(MediaType.APPLICATION_JSON_TYPE).entity(body).build());
    }
  }

  @Override
  public void filter(ContainerRequestContext request, ContainerResponseContext response) {
    int status = response.getStatus();
    boolean isRefused = status == Response.Status.UNAUTHORIZED.getStatusCode() || status == Response.Status.FORBIDDEN.getStatusCode();
    if (reads(request) && !isRefused) {
      return;
    }
    String user = user(request);
    // Workers tell each other of tasks without a user; Connect itself checks their signature.
    if (user == null && !isRefused) {
      return;
    }
    String path = request.getUriInfo().getRequestUri().getRawPath();
    TRAIL.info("{} at {}: {} {}, answered {}", user == null ? "-" : user, sent.getRemoteAddr(), request.getMethod(), cut(path), status);
  }

  private static boolean reads(ContainerRequestContext request) {
    return READS.contains(request.getMethod());
  }

  private static String user(ContainerRequestContext request) {
    Principal principal = request.getSecurityContext() == null ? null : request.getSecurityContext().getUserPrincipal();
    return principal == null ? null : principal.getName();
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}
