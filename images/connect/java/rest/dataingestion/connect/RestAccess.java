package dataingestion.connect;

import jakarta.ws.rs.Priorities;
import java.util.Map;
import org.apache.kafka.connect.rest.ConnectRestExtension;
import org.apache.kafka.connect.rest.ConnectRestExtensionContext;

/**
 * What each user may do over the worker's REST interface, and a line of the log for each change.
 *
 * <p>It comes behind the extension that asks for the password: the user is known then.
 */
public final class RestAccess implements ConnectRestExtension {
  @Override
  public void configure(Map<String, ?> properties) {}

  @Override
  public void register(ConnectRestExtensionContext context) {
    // Behind the filter that checks the password, whose priority Jersey does not see and takes for that of users.
    context.configurable().register(new RestTrail(), Priorities.USER + 1);
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public void close() {}
}
