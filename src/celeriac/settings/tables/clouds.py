"""Settings of result stores in the clouds."""

from ..declare import PLANNED, Setting
from ..kinds import SECONDS, TEXT, URL, WHOLE

TITLE = "Results in the clouds"

SETTINGS = (
    Setting("s3_bucket", TEXT, None, "The S3 bucket of results.", feature=PLANNED),
    Setting("s3_base_path", TEXT, None, "What the keys in it begin with.", feature=PLANNED),
    Setting("s3_region", TEXT, None, "Its region.", feature=PLANNED),
    Setting("s3_endpoint_url", URL, None, "The address of another service that speaks S3.", feature=PLANNED),
    Setting("s3_access_key_id", TEXT, None, "The id of the access key.", feature=PLANNED, secret=True),
    Setting("s3_secret_access_key", TEXT, None, "The access key.", feature=PLANNED, secret=True),
    Setting("dynamodb_endpoint_url", URL, None, "The address of DynamoDB.", feature=PLANNED, declared=False),
    Setting("azureblockblob_container_name", TEXT, "celery", "The Azure container of results.", feature=PLANNED),
    Setting("azureblockblob_base_path", TEXT, "", "What the names in it begin with.", feature=PLANNED),
    Setting("azureblockblob_connection_timeout", WHOLE, 20, "Seconds to connect to Azure.", feature=PLANNED),
    Setting("azureblockblob_read_timeout", WHOLE, 120, "Seconds to read from Azure.", feature=PLANNED),
    Setting(
        "azureblockblob_retry_initial_backoff_sec",
        WHOLE,
        2,
        "Seconds before Azure's client first tries again.",
        feature=PLANNED,
    ),
    Setting(
        "azureblockblob_retry_increment_base",
        WHOLE,
        2,
        "The base of the growth of that wait.",
        feature=PLANNED,
    ),
    Setting("azureblockblob_retry_max_attempts", WHOLE, 3, "How often it tries.", feature=PLANNED),
    Setting("gcs_bucket", TEXT, None, "The Google Cloud Storage bucket of results.", feature=PLANNED),
    Setting("gcs_project", TEXT, None, "Its project.", feature=PLANNED),
    Setting("gcs_base_path", TEXT, "", "What the names in it begin with.", feature=PLANNED),
    Setting(
        "gcs_ttl",
        SECONDS,
        0,
        "How long a result is kept, where the bucket's life cycle deletes; 0 is for ever.",
        feature=PLANNED,
    ),
    Setting("gcs_threadpool_maxsize", WHOLE, 10, "How many threads talk to it.", feature=PLANNED, declared=False),
    Setting("firestore_project", TEXT, None, "The project of Firestore.", feature=PLANNED, declared=False),
    Setting("cosmosdbsql_database_name", TEXT, "celerydb", "The Cosmos DB database of results.", feature=PLANNED),
    Setting("cosmosdbsql_collection_name", TEXT, "celerycol", "Its collection.", feature=PLANNED),
    Setting("cosmosdbsql_consistency_level", TEXT, "Session", "Its consistency level.", feature=PLANNED),
    Setting(
        "cosmosdbsql_max_retry_attempts", WHOLE, 9, "How often a throttled request is tried again.", feature=PLANNED
    ),
    Setting("cosmosdbsql_max_retry_wait_time", WHOLE, 30, "Seconds all these tries may take.", feature=PLANNED),
)
